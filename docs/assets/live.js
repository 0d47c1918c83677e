// Live figures: what a figure needs is loaded when it comes near; what the
// reader sets stands in the address, as #fig-ravine?step=0.03&momentum=0.75.
"use strict"
{
  const base = document.currentScript.src.replace(/live\.js.*/, "live/")
  const loading = {}
  const numbers = {}
  const figures = {}

  const load = source => loading[source] ??= new Promise((done, failed) => {
    const script = Object.assign(document.createElement("script"), {src: source, onload: done, onerror: failed})
    document.head.append(script)
  })

  const make = (tag, attributes = {}, ...children) => {
    const svg = ["svg", "path", "circle", "ellipse", "line", "rect", "text", "g", "polyline"].includes(tag)
    const element = svg ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag)
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
    element.append(...children)
    return element
  }

  // Values from 0, white, to top, black.
  const paint = (canvas, values, top = 1) => {
    const context = canvas.getContext("2d"), image = context.createImageData(canvas.width, canvas.height)
    values.forEach((v, i) => image.data.set([0, 0, 0, 255].fill(255 - 255 * Math.min(1, v / top), 0, 3), 4 * i))
    context.putImageData(image, 0, 0)
  }

  // act(x, y, first) while a pointer is down; x and y are shares of the element.
  const drag = (element, act) => {
    const tell = (event, first) => {
      const box = element.getBoundingClientRect()
      act((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height, first)
    }
    element.addEventListener("pointerdown", event => {
      element.setPointerCapture(event.pointerId)
      tell(event, true)
    })
    element.addEventListener("pointermove", event => { if (event.buttons) tell(event, false) })
  }

  // What a figure's script gets: controls, a place to draw, a line of text.
  class Panel {
    constructor(figure) {
      this.id = figure.id
      this.state = {}
      this.controls = {}
      this.root = make("div", {class: "live-panel"})
      this.places = make("div", {class: "live-drawing"})
      this.bar = make("div", {class: "live-controls"})
      this.text = make("p", {class: "live-text", role: "status"})
      this.root.append(this.places, this.bar, this.text)
      this.draw = () => {}
    }

    slider(name, label, {min, max, step, value, show = v => v}) {
      const input = make("input", {type: "range", id: `${this.id}-${name}`, min, max, step})
      const output = make("output", {for: input.id})
      this.bar.append(make("label", {for: input.id}, `${label} `, output), input)
      this.controls[name] = v => {
        if (!Number.isFinite(v)) return
        v = Math.min(max, Math.max(min, v))
        input.value = v
        output.textContent = show(v)
        input.setAttribute("aria-valuetext", show(v))
        this.state[name] = v
      }
      input.addEventListener("input", () => this.set({[name]: Number(input.value)}))
      this.controls[name](value)
    }

    // A part of the state that has no slider: a number or a text.
    keep(name, value, valid = () => true) {
      this.controls[name] = v => { if (valid(v)) this.state[name] = v }
      this.state[name] = value
    }

    buttons(label, choices) { // {text: state or function}
      const group = make("div", {class: "live-buttons", role: "group", "aria-label": label})
      for (const [text, what] of Object.entries(choices)) {
        const button = make("button", {type: "button"}, text)
        button.addEventListener("click", () => typeof what === "function" ? what() : this.set(what))
        group.append(button)
      }
      this.bar.append(group)
    }

    place(element) {
      this.places.append(element)
      return element
    }

    say(text) { this.text.textContent = text.replace(/-(?=\d)/g, "−") }

    set(changes, keep = true) {
      for (const [name, value] of Object.entries(changes)) {
        if (this.controls[name] && !Number.isNaN(value)) this.controls[name](value)
      }
      this.draw(this.state)
      const state = new URLSearchParams(this.state)
      if (keep) history.replaceState(null, "", `#${this.id}?${state}`)
    }
  }

  const fromText = text => Object.fromEntries([...new URLSearchParams(text)].map(
    ([name, value]) => [name, value.trim() === "" || Number.isNaN(Number(value)) ? value : Number(value)]))

  const start = async figure => {
    if (figure.live) return figure.live
    const name = figure.dataset.live
    return figure.live = (async () => {
      await load(`${base}engine.js`)
      await Promise.all([load(`${base}${name}.js`), load(new URL(figure.dataset.numbers, location.href).href)])
      const panel = new Panel(figure)
      figures[name](panel, numbers[name])
      figure.insertBefore(panel.root, figure.querySelector("figcaption"))
      figure.querySelector(".live-start")?.remove()
      figure.classList.add("live-on")
      panel.set({}, false)
      return panel
    })()
  }

  const goTo = async address => { // "#fig-ravine?step=0.03"
    const [id, text] = address.slice(1).split("?")
    const figure = document.getElementById(id)
    if (!text || !figure?.dataset.live) return false
    figure.scrollIntoView({block: "nearest"})
    ;(await start(figure)).set(fromText(text))
    return true
  }

  window.live = {
    make,
    paint,
    drag,
    figure: (name, build) => { figures[name] = build },
    take: (name, given) => { numbers[name] = given },
    compute: {}, // what figures compute, for whoever checks it
    numbers,
  }

  const begin = () => {
    const lively = [...document.querySelectorAll("figure[data-live][data-numbers]")]
    // Where it is seen at once, a figure would push down what is being read: there it waits for a reader's wish.
    const seen = figure => {
      const box = figure.getBoundingClientRect()
      return box.top < innerHeight && box.bottom > 0
    }
    for (const figure of lively.filter(seen)) {
      const button = make("button", {type: "button", class: "live-start"}, "Start this figure")
      button.addEventListener("click", () => start(figure)
        .then(panel => panel.root.querySelector("input, button")?.focus()).catch(() => {}))
      figure.append(button)
    }
    addEventListener("scroll", () => {
      const near = new IntersectionObserver(entries => {
        for (const {isIntersecting, target} of entries) {
          const waits = target.querySelector(".live-start") && seen(target)
          if (isIntersecting && !waits) start(target).catch(() => {})
        }
      }, {rootMargin: "600px"})
      for (const figure of lively) near.observe(figure)
    }, {once: true, passive: true})
    // A link of the text that sets a figure: [momentum 0.99](#fig-ravine){: data-set="momentum=0.99"}
    for (const link of document.querySelectorAll("a[data-set]")) {
      link.addEventListener("click", event => {
        event.preventDefault()
        goTo(`${link.hash}?${link.dataset.set}`)
      })
    }
    goTo(location.hash)
  }
  document.readyState === "loading" ? addEventListener("DOMContentLoaded", begin) : begin()
}
