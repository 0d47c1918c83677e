// Answers each line of stdin, a JSON list of {tex, display}, with a line of
// stdout, a JSON list of {html} or {error}.
const katex = require("katex");
const macros = JSON.parse(process.argv[2] || "{}");

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
