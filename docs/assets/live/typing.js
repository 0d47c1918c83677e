// A small GPT reads what is typed: where its last character looks, and what
// may come next, beside a table of pairs of letters.
"use strict"
// ids -> {layers: the outputs from embedding to logits, looks: [block][head]}
live.compute.typing = ({weights, heads, length}, ids) => {
  const {tensor, linear, norm, attention, map} = live.engine, E = weights["embed.weight"][0].length
  const part = name => ({weight: weights[`${name}.weight`], bias: weights[`${name}.bias`]})
  const add = (x, y) => map(x, (v, i) => v + y.data[i])
  const used = ids.slice(-length), T = used.length
  let x = tensor([T, E], Float64Array.from(used.flatMap((id, t) =>
    weights["embed.weight"][id].map((v, i) => v + weights["place.weight"][t][i]))))
  const layers = [x], looks = []
  for (let k = 0; `blocks.${k}.qkv.weight` in weights; k++) {
    const name = `blocks.${k}.`, qkv = linear(norm(x, part(`${name}norm1`)), part(`${name}qkv`)), D = E / heads
    const joined = tensor([T, E])
    looks.push(Array.from({length: heads}, (_, h) => {
      const [Q, K, V] = [0, 1, 2].map(which => tensor([T, D], Float64Array.from({length: T * D}, (_, i) =>
        qkv.data[Math.floor(i / D) * 3 * E + which * E + h * D + i % D])))
      const {weights: look, y} = attention(Q, K, V)
      y.data.forEach((v, i) => { joined.data[Math.floor(i / D) * E + h * D + i % D] = v })
      return look
    }))
    x = add(x, linear(joined, part(`${name}out`)))
    const up = map(linear(norm(x, part(`${name}norm2`)), part(`${name}up`)), v => Math.max(0, v))
    x = add(x, linear(up, part(`${name}down`)))
    layers.push(x)
  }
  layers.push(linear(norm(x, part("norm")), part("out")))
  return {layers, looks}
}

live.figure("typing", (panel, numbers) => {
  const {make} = live, {alphabet, heads, length} = numbers, width = 640
  const shown = c => c === "\n" ? "⏎" : c === " " ? "␣" : c
  const idOf = c => Math.max(0, alphabet.indexOf(alphabet.includes(c) ? c : "?"))
  const looks = panel.place(make("svg", {viewBox: `0 0 ${width} 110`, role: "img"}))
  const bars = panel.place(make("svg", {viewBox: `0 0 ${width} 150`, role: "img"}))

  const input = make("input", {type: "text", id: `${panel.id}-text`, autocomplete: "off", spellcheck: "false", "aria-label": "Text to go on from"})
  panel.bar.append(input)
  panel.controls.text = text => {
    text = String(text)
    panel.state.text = text
    if (input.value !== text) input.value = text
  }
  panel.controls.text("To be, or not to b")
  input.addEventListener("input", () => panel.set({text: input.value}))
  panel.slider("temperature", "temperature", {min: 0.2, max: 2, step: 0.1, value: 1, show: v => v.toFixed(1)})
  panel.slider("head", "block and head", {min: 1, max: 2 * heads, step: 1, value: 1, show: v => `${Math.ceil(v / heads)}, ${(v - 1) % heads + 1}`})

  const read = text => live.compute.typing(numbers, [...(text || "\n")].map(idOf))
  const chances = (logits, temperature) => {
    const V = alphabet.length, last = live.engine.tensor([V], logits.data.slice(-V))
    return live.engine.softmax(last, {temperature}).data
  }
  const more = count => {
    let {text, temperature} = panel.state
    for (let i = 0; i < count; i++) {
      const q = chances(read(text).layers.at(-1), temperature)
      let left = Math.random(), next = 0
      while ((left -= q[next]) > 0 && next < q.length - 1) next++
      text += alphabet[next]
    }
    panel.set({text})
  }
  panel.buttons("the text", {"one character more": () => more(1), "thirty more": () => more(30), "start again": {text: "To be, or not to b"}})

  panel.draw = ({text, temperature, head}) => {
    const seen = [...(text || "\n")].slice(-length), {layers, looks: all} = read(text)
    const block = Math.ceil(head / heads) - 1, {data} = all[block][(head - 1) % heads], T = seen.length
    const step = width / Math.max(20, T)
    looks.replaceChildren(...seen.flatMap((c, s) => {
      const w = data[(T - 1) * T + s]
      return [make("rect", {x: s * step + 2, y: 80 - 70 * w, width: step - 4, height: Math.max(0.5, 70 * w), class: "live-bar"}),
              make("text", {x: (s + 0.5) * step, y: 100, "text-anchor": "middle"}, shown(c))]
    }))
    const q = chances(layers.at(-1), temperature), row = numbers.pairs[idOf(seen.at(-1))]
    const best = [...q.keys()].sort((i, j) => q[j] - q[i]).slice(0, 12)
    bars.replaceChildren(...best.flatMap((id, k) => {
      const x = 10 + k * (width - 20) / 12
      return [make("rect", {x, y: 120 - 100 * q[id], width: 20, height: Math.max(0.5, 100 * q[id]), class: "live-bar"}),
              make("rect", {x: x + 22, y: 120 - 100 * row[id], width: 20, height: Math.max(0.5, 100 * row[id]), class: "live-second"}),
              make("text", {x: x + 21, y: 140, "text-anchor": "middle"}, shown(alphabet[id]))]
    }))
    const top = [...data.slice((T - 1) * T)].reduce((a, w, s, all) => w > all[a] ? s : a, 0)
    looks.setAttribute("aria-label", `Where block ${block + 1}, head ${(head - 1) % heads + 1} looks from the last character: most at '${shown(seen[top])}', place ${top + 1} of ${T}.`)
    panel.say(`Likeliest next: ${best.slice(0, 3).map(id => `'${shown(alphabet[id])}' ${(100 * q[id]).toFixed(0)}%`).join(", ")}. By pairs of letters: '${shown(alphabet[row.indexOf(Math.max(...row))])}' ${(100 * Math.max(...row)).toFixed(0)}%. The head looks most at '${shown(seen[top])}'.`)
    bars.setAttribute("aria-label", panel.text.textContent)
  }
})
