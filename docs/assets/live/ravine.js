// Gradient descent in a ravine: start, step size and momentum are the reader's.
"use strict"
live.compute.ravine = ({curvatures}, {w1, w2, step, momentum, steps}) => {
  let w = [w1, w2], velocity = [0, 0]
  const path = [w]
  for (let t = 0; t < steps; t++) {
    velocity = velocity.map((v, i) => momentum * v + curvatures[i] * w[i])
    w = w.map((v, i) => v - step * velocity[i])
    path.push(w)
  }
  return path
}

live.figure("ravine", (panel, numbers) => {
  const {make} = live
  const [left, right, top] = [-11, 4, 1.7], width = 640, height = 250
  const X = w => (w - left) / (right - left) * width
  const Y = w => (top - w) / (2 * top) * height
  const svg = panel.place(make("svg", {viewBox: `0 0 ${width} ${height}`, role: "img"}))
  for (const level of [0.5, 2, 8, 20, 40, 70]) {
    const [rx, ry] = numbers.curvatures.map(c => Math.sqrt(2 * level / c))
    svg.append(make("ellipse", {cx: X(0), cy: Y(0), rx: X(rx) - X(0), ry: Y(0) - Y(ry), class: "live-faint"}))
  }
  const line = svg.appendChild(make("polyline", {class: "live-line"}))
  const dots = svg.appendChild(make("g"))
  svg.append(make("text", {x: X(0), y: Y(0) + 5, "text-anchor": "middle", class: "live-goal"}, "★"))
  const first = svg.appendChild(make("circle", {r: 9, class: "live-handle"}))

  const rounded = v => String(Number(v.toPrecision(3)))
  const [w1, w2] = numbers.start, [step, momentum] = numbers.settings.best
  panel.slider("step", "step size", {min: 0.001, max: 0.08, step: 0.0001, value: step, show: v => v.toFixed(4)})
  panel.slider("momentum", "momentum", {min: 0, max: 0.99, step: 0.01, value: momentum, show: v => v.toFixed(2)})
  panel.slider("steps", "steps", {min: 0, max: 200, step: 1, value: 40})
  panel.slider("w1", "start w₁", {min: left, max: right, step: 0.1, value: w1, show: v => v.toFixed(1)})
  panel.slider("w2", "start w₂", {min: -top, max: top, step: 0.05, value: w2, show: v => v.toFixed(2)})
  panel.buttons("settings of the program", Object.fromEntries(Object.entries(numbers.settings).map(
    ([name, [step, momentum]]) => [name, {step, momentum, w1, w2}])))

  const loss = w => w.reduce((sum, v, i) => sum + numbers.curvatures[i] * v * v / 2, 0)
  panel.draw = state => {
    const path = live.compute.ravine(numbers, state)
    const far = v => Math.max(-1e4, Math.min(1e4, v))
    const points = path.map(([a, b]) => [far(X(a)), far(Y(b))])
    line.setAttribute("points", points.map(p => p.join(",")).join(" "))
    dots.replaceChildren(...points.map(([cx, cy]) => make("circle", {cx, cy, r: 2.5, class: "live-dot"})))
    first.setAttribute("cx", points[0][0])
    first.setAttribute("cy", points[0][1])
    const last = loss(path.at(-1)), begun = loss(path[0])
    const long = live.compute.ravine(numbers, {...state, steps: 2000})
    const arrival = long.findLastIndex(w => !(loss(w) < 1e-6)) + 1
    const fate = loss(long.at(-1)) > begun || !Number.isFinite(last) ? "It runs away: the steps are too long."
      : arrival < 2000 ? `It needs ${arrival} steps until the loss is below 0.000001.` : "It has not arrived after 2000 steps."
    const said = `After ${state.steps} steps the loss is ${rounded(last)}; it was ${rounded(begun)}. ${fate}`
    panel.say(said)
    svg.setAttribute("aria-label", `Contours of a ravine and the path of gradient descent. ${said}`)
  }

  live.drag(svg, (x, y) => panel.set({w1: left + x * (right - left), w2: top - y * 2 * top}))
})
