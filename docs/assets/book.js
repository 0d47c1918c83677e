// What a page does beyond the theme; all of it can be read without.
"use strict"
{
  const all = (selector, within = document) => [...within.querySelectorAll(selector)]

  // What scrolls sideways can be scrolled with the keyboard; code too, before the theme has seen it.
  const said = target => target.matches("code") ? {} :
    {role: "group", "aria-label": `${target.matches(".math") ? "Formula" : "Table"}, scrolls sideways`}
  const wide = new ResizeObserver(entries => {
    const scrolls = entries.map(({target}) => target.scrollWidth > target.clientWidth) // all of it before any change
    for (const [number, {target}] of entries.entries()) {
      for (const [name, value] of Object.entries({tabindex: "0", ...said(target)})) {
        if (scrolls[number]) target.setAttribute(name, value)
        else target.removeAttribute(name)
      }
    }
  })
  const scrolling = () => all("div.math, .md-typeset__scrollwrap, .md-content pre > code").forEach(box => wide.observe(box))

  // The theme's lists of buttons beside code have no names.
  const named = within => all(".md-code__nav:not([aria-label])", within).forEach(nav => {
    nav.setAttribute("aria-label", `Copy code ${all(".highlight").indexOf(nav.closest(".highlight")) + 1}`)
  })
  const content = document.querySelector(".md-content")
  if (content) {
    new MutationObserver(changes => { for (const {target} of changes) named(target) }).observe(content, {childList: true, subtree: true})
    named(content)
    // The theme wraps tables when the page is there.
    "document$" in window ? document$.subscribe(() => setTimeout(scrolling)) : scrolling()
  }

  // A figure opens large: a drawing without pixels, for light or dark as the page.
  for (const image of all("figure.book-figure > img")) {
    const link = document.createElement("a")
    const number = image.parentElement.querySelector(".figure-number")?.textContent ?? "Figure"
    link.className = "zoom"
    link.href = image.src
    link.classList.add(image.classList.contains("on-dark") ? "on-dark" : "on-light")
    link.setAttribute("aria-label", `${number}, large: ${image.alt}`)
    image.before(link)
    link.append(image)
  }

  // A finger cannot hover: the first touch of a citation or term shows what it stands for.
  for (const link of all(".citation a[title], abbr[title]")) link.dataset.note = link.title // which the theme takes
  let note
  const close = () => { note?.remove(); note = undefined }
  addEventListener("click", event => {
    if (event.pointerType !== "touch" && !matchMedia("(hover: none)").matches) return
    if (note?.contains(event.target)) return
    const link = event.target.closest?.("[data-note]")
    const again = note && note.link === link
    close()
    if (!link || again) return
    event.preventDefault()
    note = document.createElement("div")
    note.link = link
    note.className = "book-note md-typeset"
    note.setAttribute("role", "status")
    note.textContent = `${link.dataset.note} `
    if (link.href) note.append(Object.assign(document.createElement("a"), {href: link.href, textContent: "More"}))
    note.style.top = `${link.getBoundingClientRect().bottom + scrollY + 6}px`
    document.body.append(note)
  }, true)
  addEventListener("keydown", event => { if (event.key === "Escape") close() })
}
