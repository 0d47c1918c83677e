// The plane of codes of a variational autoencoder: a point, and its image.
"use strict"
live.compute.plane = ({layers}, code) => live.engine.run(layers, live.engine.tensor([code.length], Float64Array.from(code)))

live.figure("plane", (panel, numbers) => {
  const {make} = live, size = 320, reach = 3, side = Math.sqrt(numbers.layers.at(-2).weight.length)
  const X = v => (v + reach) / (2 * reach) * size, Y = v => (reach - v) / (2 * reach) * size
  const svg = panel.place(make("svg", {viewBox: `0 0 ${size} ${size}`, role: "img", class: "live-square"}))
  for (const radius of [1, 2, 3]) svg.append(make("circle", {cx: X(0), cy: Y(0), r: X(radius) - X(0), class: "live-faint"}))
  for (const [digit, a, b] of numbers.codes) {
    svg.append(make("text", {x: X(a), y: Y(b) + 4, "text-anchor": "middle", class: "live-quiet"}, String(digit)))
  }
  const point = svg.appendChild(make("circle", {r: 9, class: "live-handle"}))
  const canvas = panel.place(make("canvas", {width: side, height: side, role: "img"}))
  canvas.style.width = "200px"

  const show = v => v.toFixed(2)
  panel.slider("z1", "first number", {min: -reach, max: reach, step: 0.01, value: 0, show})
  panel.slider("z2", "second number", {min: -reach, max: reach, step: 0.01, value: 0, show})
  panel.draw = ({z1, z2}) => {
    point.setAttribute("cx", X(z1))
    point.setAttribute("cy", Y(z2))
    const {data} = live.compute.plane(numbers, [z1, z2]).at(-1)
    live.paint(canvas, data)
    const away = ([, a, b]) => (a - z1) ** 2 + (b - z2) ** 2
    const near = [...numbers.codes].sort((p, q) => away(p) - away(q)).slice(0, 5).map(([digit]) => digit)
    const said = `The code (${show(z1)}, ${show(z2)}); the nearest five codes of test digits belong to ${near.join(", ")}.`
    panel.say(said)
    for (const drawing of [svg, canvas]) drawing.setAttribute("aria-label", said)
  }

  live.drag(svg, (x, y) => panel.set({z1: x * 2 * reach - reach, z2: reach - y * 2 * reach}))
})
