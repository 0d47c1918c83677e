// A CNN and an MLP read a digit that the reader draws or moves; the maps are
// what the CNN's layers hold.
"use strict"
live.compute.digit = (numbers, pixels) => Object.fromEntries(["CNN", "MLP"].map(name =>
  [name, live.engine.run(numbers[name], live.engine.tensor([1, 28, 28], Float64Array.from(pixels)))]))

live.figure("digit", (panel, numbers) => {
  const {make, paint} = live, side = 28
  const picture = (size, zoom, label) => {
    const canvas = make("canvas", {width: size, height: size, role: "img", "aria-label": label})
    canvas.style.width = `${size * zoom}px`
    return canvas
  }
  const pad = panel.place(picture(side, 8, "The digit that is read; draw here"))
  pad.classList.add("live-pen")
  const bars = panel.place(make("svg", {viewBox: "0 0 260 224", role: "img"}))
  bars.style.width = "260px"
  const grid = panel.place(make("div", {class: "live-maps"}))
  const sets = [[1, "after the first layer, 28 × 28"], [4, "after the second, 14 × 14"], [7, "after the third, 7 × 7"]].map(([layer, text]) => {
    const {weight} = numbers.CNN[layer - 1], size = 28 >> (layer - 1) / 3
    const row = make("div", {class: "live-row"}), maps = weight.map((_, c) => picture(size, 36 / size, `Map ${c + 1} ${text}`))
    row.append(make("span", {}, text), ...maps)
    grid.append(row)
    return {layer, maps, size}
  })

  let drawn = null // what the reader has drawn, or null
  panel.slider("digit", "test digit", {min: 0, max: numbers.digits.length - 1, step: 1, value: 3, show: v => numbers.labels[v]})
  panel.slider("right", "moved right", {min: -8, max: 8, step: 1, value: 0})
  panel.slider("down", "moved down", {min: -8, max: 8, step: 1, value: 0})
  panel.buttons("the picture", {
    "clear, to draw": () => { drawn = new Float64Array(side * side); panel.set({right: 0, down: 0}) },
    "test digit": () => { drawn = null; panel.set({}) },
    "move by three": {right: 3, down: 3},
    "back": {right: 0, down: 0},
  })

  panel.draw = ({digit, right, down}) => {
    const source = drawn ?? numbers.digits[digit].flat().map(v => v / 255)
    const pixels = new Float64Array(side * side)
    for (let i = 0; i < side; i++) for (let j = 0; j < side; j++) {
      const row = i - down, column = j - right
      if (row >= 0 && row < side && column >= 0 && column < side) pixels[i * side + j] = source[row * side + column]
    }
    paint(pad, pixels)
    const outputs = live.compute.digit(numbers, pixels)
    for (const {layer, maps, size} of sets) {
      const {data} = outputs.CNN[layer], top = Math.max(0.01, ...data)
      maps.forEach((canvas, c) => paint(canvas, [...data.subarray(c * size * size, (c + 1) * size * size)], top))
    }
    const said = []
    bars.replaceChildren()
    Object.entries(outputs).forEach(([name, layers], k) => {
      const {data} = live.engine.softmax(layers.at(-1)), best = data.indexOf(Math.max(...data))
      bars.append(make("text", {x: 26 + 130 * k, y: 12}, `${name}: ${best}`))
      data.forEach((q, i) => bars.append(
        make("text", {x: 14 + 130 * k, y: 33 + 20 * i}, String(i)),
        make("rect", {x: 26 + 130 * k, y: 22 + 20 * i, height: 14, width: Math.max(0.5, 96 * q), class: k ? "live-bar2" : "live-bar"})))
      said.push(`the ${name} reads ${best} with probability ${data[best].toFixed(2)}`)
    })
    const what = drawn ? "Your drawing" : `A test digit, ${numbers.labels[digit]}`
    panel.say(`${what}: ${said.join("; ")}.`)
    bars.setAttribute("aria-label", panel.text.textContent)
  }

  live.drag(pad, (across, along) => {
    const x = across * side - panel.state.right - 0.5, y = along * side - panel.state.down - 0.5
    drawn ??= new Float64Array(numbers.digits[panel.state.digit].flat().map(v => v / 255))
    for (let i = 0; i < side; i++) for (let j = 0; j < side; j++) {
      const ink = Math.max(0, Math.min(1, 1.9 - Math.hypot(i - y, j - x)))
      drawn[i * side + j] = Math.max(drawn[i * side + j], ink)
    }
    panel.set({})
  })
})
