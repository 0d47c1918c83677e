// Diffusion in the plane: points of noise go back, step by step, by what a
// trained network takes for the noise in them.
"use strict"
// points: N x 2; t: the step -> the outputs of all layers, the last the noise
live.compute.noise = ({layers, T}, {points, t}) => {
  const waves = [1, 2, 3, 4].map(k => t / T * k * Math.PI / 2)
  const told = [...waves.map(Math.cos), ...waves.map(Math.sin)]
  const rows = points.flatMap(point => [...point, ...told])
  return live.engine.run(layers, live.engine.tensor([points.length, 10], Float64Array.from(rows)))
}

live.figure("noise", (panel, numbers) => {
  const {make} = live, {signal, sigma, T, centres} = numbers, size = 360, reach = 3, many = 150
  const X = v => (v + reach) / (2 * reach) * size, Y = v => (reach - v) / (2 * reach) * size
  const svg = panel.place(make("svg", {viewBox: `0 0 ${size} ${size}`, role: "img", class: "live-square"}))
  const heaps = centres.map(() => svg.appendChild(make("circle", {r: X(0.3) - X(0), class: "live-faint"})))
  const dots = Array.from({length: many}, () => svg.appendChild(make("circle", {r: 2.5, class: "live-dot"})))

  let kept = {}
  const chain = (seed, K, mode) => { // all points at each step, from noise to data
    if (kept.key === `${seed} ${K} ${mode}`) return kept.steps
    let state = seed * 7919 + 1
    const random = () => (state = state * 16807 % 2147483647) / 2147483647
    const normal = () => Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random())
    let points = Array.from({length: many}, () => [normal(), normal()])
    const steps = [{t: T, points}]
    for (let k = 0; k < K; k++) {
      const t = Math.round(T - T * k / K), r = Math.round(T - T * (k + 1) / K)
      const {data} = live.compute.noise(numbers, {points, t}).at(-1)
      const ratio = signal[t] / signal[r], added = sigma[t] ** 2 - (ratio * sigma[r]) ** 2
      const fresh = sigma[r] / sigma[t] * Math.sqrt(added)
      points = points.map((point, n) => point.map((v, i) => {
        const noise = data[2 * n + i]
        return mode // 0: fresh noise at each step; 1: none (DDIM)
          ? (v - sigma[t] * noise) / ratio + sigma[r] * noise
          : (v - added / sigma[t] * noise) / ratio + fresh * normal()
      }))
      steps.push({t: r, points})
    }
    kept = {key: `${seed} ${K} ${mode}`, steps}
    return steps
  }

  panel.slider("at", "way back", {min: 0, max: 100, step: 1, value: 100, show: v => `${v} %`})
  panel.slider("steps", "steps", {min: 2, max: 50, step: 1, value: 20})
  panel.slider("seed", "noise number", {min: 1, max: 20, step: 1, value: 1})
  panel.keep("mode", 0, v => v === 0 || v === 1)
  let playing = null
  panel.buttons("the chain", {
    "run": () => {
      clearInterval(playing)
      panel.set({at: 0})
      const each = 100 / panel.state.steps
      playing = setInterval(() => {
        panel.set({at: panel.state.at + each})
        if (panel.state.at >= 100) clearInterval(playing)
      }, 1500 / panel.state.steps)
    },
    "with fresh noise (DDPM)": {mode: 0},
    "without (DDIM)": {mode: 1},
  })
  panel.draw = ({at, steps, seed, mode}) => {
    const run = chain(seed, steps, mode), k = Math.min(steps, Math.round(at / 100 * steps)), {t, points} = run[k]
    heaps.forEach((circle, i) => {
      circle.setAttribute("cx", X(signal[t] * centres[i][0]))
      circle.setAttribute("cy", Y(signal[t] * centres[i][1]))
    })
    points.forEach(([a, b], n) => {
      dots[n].setAttribute("cx", X(a))
      dots[n].setAttribute("cy", Y(b))
    })
    const near = run.at(-1).points.map(([a, b]) => centres.findIndex(([c, d]) => Math.hypot(a - c, b - d) < 0.3))
    const good = near.filter(i => i >= 0)
    const said = `Step ${k} of ${steps}: the noise left has deviation ${sigma[t].toFixed(2)}. At the end ${Math.round(100 * good.length / many)}% of the points lie near a centre, at ${new Set(good).size} of ${centres.length}.`
    panel.say(said)
    svg.setAttribute("aria-label", `${many} points in the plane, and the circles of ${centres.length} centres. ${said}`)
  }
})
