// Answers each line of stdin, a JSON list of {tex, display}, with a line of
// stdout, a JSON list of {html} or {error}. Arguments: the folder of the
// front-end packages, and the macros.
const katex = require(require.resolve("katex", { paths: [process.argv[2]] }));
const macros = JSON.parse(process.argv[3] || "{}");

function render({ tex, display }) {
  try {
    return { html: katex.renderToString(tex, {
      displayMode: display, throwOnError: true, strict: "error",
      output: "htmlAndMathml", macros: { ...macros } }) };
  } catch (error) {
    return { error: error.message };
  }
}

require("readline").createInterface({ input: process.stdin }).on("line",
  (line) => console.log(JSON.stringify(JSON.parse(line).map(render))));
