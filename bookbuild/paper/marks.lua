-- Turns what marks.py left in a document into pieces of Typst, formulas of an
-- EPUB (data-mathml) into MathML, and the places that refer to a footnote
-- (data-footnote) into its text (data-note).
local notes = {}

local function put_in(raw)
  return function(element)
    local data = element.attributes
    if data.typst then return raw("typst", data.typst) end
    if data.mathml then return raw("html", data.mathml) end
    if data.footnote then return end
    if data.note then
      notes[data.note] = element.content
      return {}
    end
    if FORMAT == "typst" then return element.content end
  end
end

local function footnote(span)
  local name = span.attributes.footnote
  if name then return pandoc.Note(notes[name]) end
end

return {
  { Span = put_in(pandoc.RawInline), Div = put_in(pandoc.RawBlock) },
  { Span = footnote },
}
