"""Programs to records: what a program printed, drew, computed and read, and which claims about it held.

It knows neither MkDocs nor Markdown.

  program.py   a program's text: its sections, the sections it includes, changes
  record.py    what a run leaves: a record or a failure, as typed classes
  job.py       a program and claims, ready to run, and the key of their record
  worker.py    one program in this process -> its record
  reads.py     what a run reads: files, folders, libraries
  follow.py    the hook that sees what a process opens, also in its children (child/)
  output.py    a standard output that knows which line wrote what
  claims.py    assertions -> verdicts with the values that were compared
  figures.py   open Matplotlib figures -> SVG, light and dark
  supervise.py one program in a process of its own, watched until it is gone
  server.py    a process that has imported the libraries and forks supervisors
  pool.py      jobs -> outcomes, side by side on this machine
  cluster.py   the same on a Dask cluster
  store.py     what is kept between builds, by content
  runner.py    the one way to run a program: store first, then pool
"""
