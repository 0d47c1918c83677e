// One LSTM unit, trained to hold the value at the last flag: values and flags
// are the reader's, and the forget gate can be held.
"use strict"
live.compute.gates = (numbers, {values, flags, held = 0}) => {
  let h = [0], c = [0]
  return values.map((value, t) => {
    const step = live.engine.lstm([value, flags[t]], h, c, numbers)
    if (held) { // 1: open, 2: shut
      step.f = [2 - held]
      step.c = [step.f[0] * c[0] + step.i[0] * step.g[0]]
      step.h = [step.o[0] * Math.tanh(step.c[0])]
    }
    ;({h, c} = step)
    const [answer] = live.engine.linear(live.engine.tensor([1], Float64Array.from(h)), numbers.out).data
    return {...step, answer}
  })
}

live.figure("gates", (panel, numbers) => {
  const {make} = live, steps = 30, letters = "abcdefghijklmnopqrstu" // -1 to 1 in tenths
  const width = 640, left = 108, right = 10
  const rows = [["value, answer", 110, -1.1, 1.1], ["cell state", 70], ["input gate", 50, 0, 1], ["forget gate", 50, 0, 1]]
  const X = t => left + (t + 0.5) * (width - left - right) / steps
  let y = 8
  for (const row of rows) { row.top = y; y += row[1] + 14 }
  const svg = panel.place(make("svg", {viewBox: `0 0 ${width} ${y + 4}`, role: "img"}))
  for (const row of rows) {
    svg.append(make("rect", {x: left, y: row.top, width: width - left - right, height: row[1], class: "live-faint"}),
               make("text", {x: left - 8, y: row.top + row[1] / 2 + 4, "text-anchor": "end"}, row[0]))
  }
  const marks = svg.appendChild(make("g")), lines = rows.map(() => svg.appendChild(make("polyline", {class: "live-line"})))
  const dots = svg.appendChild(make("g"))

  const decode = text => [...text].map(letter => letters.indexOf(letter) / 10 - 1)
  const encode = values => values.map(v => letters[Math.round((Math.max(-1, Math.min(1, v)) + 1) * 10)]).join("")
  let seed = 7
  const random = () => (seed = seed * 16807 % 2147483647) / 2147483647
  const fresh = () => ({
    values: encode(Array.from({length: steps}, () => 2 * random() - 1)),
    flags: Array.from({length: steps}, (_, t) => t === 0 || random() < 0.12 ? "x" : "o").join(""),
  })
  const {values, flags} = fresh()
  panel.keep("values", values, v => new RegExp(`^[a-u]{${steps}}$`).test(v))
  panel.keep("flags", flags, v => new RegExp(`^[xo]{${steps}}$`).test(v))
  panel.keep("held", 0, v => [0, 1, 2].includes(v))
  panel.slider("at", "step", {min: 1, max: steps, step: 1, value: 10})
  const change = (name, t, letter) => panel.set({[name]: panel.state[name].slice(0, t) + letter + panel.state[name].slice(t + 1)})
  const move = by => {
    const t = panel.state.at - 1, v = decode(panel.state.values)[t]
    change("values", t, encode([v + by]))
  }
  const flip = t => change("flags", t, panel.state.flags[t] === "x" ? "o" : "x")
  panel.buttons("the step", {"flag on or off": () => flip(panel.state.at - 1), "value up": () => move(0.2), "value down": () => move(-0.2)})
  panel.buttons("the network", {"as trained": {held: 0}, "forget gate held open": {held: 1}, "held shut": {held: 2}, "new values": () => panel.set(fresh())})

  panel.draw = state => {
    const values = decode(state.values), flags = [...state.flags].map(letter => Number(letter === "x"))
    const run = live.compute.gates(numbers, {values, flags, held: state.held})
    const shown = [run.map(s => s.answer), run.map(s => s.c[0]), run.map(s => s.i[0]), run.map(s => s.f[0])]
    const size = Math.max(1, ...shown[1].map(Math.abs))
    const Y = (row, v) => {
      const [, height, low = -size, high = size] = row
      return row.top + 4 + (high - Math.max(low, Math.min(high, v))) / (high - low) * (height - 8)
    }
    shown.forEach((part, k) => {
      const half = (X(1) - X(0)) / 2
      lines[k].setAttribute("points", part.map((v, t) => `${X(t) - half},${Y(rows[k], v)} ${X(t) + half},${Y(rows[k], v)}`).join(" "))
    })
    marks.replaceChildren(...flags.flatMap((flag, t) => flag ? [make("line", {x1: X(t), x2: X(t), y1: rows[0].top, y2: y - 14, class: "live-second"})] : []),
      make("rect", {x: X(state.at - 1) - 8, y: rows[0].top, width: 16, height: y - 22, class: "live-chosen"}))
    dots.replaceChildren(...values.map((v, t) => make("circle", {cx: X(t), cy: Y(rows[0], v), r: 4, class: "live-handle"})))
    const s = run[state.at - 1], last = flags.lastIndexOf(1, state.at - 1)
    const wanted = last < 0 ? "no flag yet" : `the value at the last flag is ${values[last].toFixed(1)}`
    panel.say(`Step ${state.at}: input gate ${s.i[0].toFixed(2)}, forget gate ${s.f[0].toFixed(2)}, cell state ${s.c[0].toFixed(2)}, answer ${s.answer.toFixed(2)}; ${wanted}.`)
    svg.setAttribute("aria-label", `Values, flags, cell state and gates over ${steps} steps. ${panel.text.textContent}`)
  }

  live.drag(svg, (across, along, first) => {
    const t = Math.floor((across * width - left) / (width - left - right) * steps)
    if (t < 0 || t >= steps) return
    const height = along * (y + 4), [, tall, low, high] = rows[0]
    panel.set({at: t + 1})
    if (height < rows[0].top + tall) change("values", t, encode([high - (height - rows[0].top - 4) / (tall - 8) * (high - low)]))
    else if (first) flip(t)
  })
})
