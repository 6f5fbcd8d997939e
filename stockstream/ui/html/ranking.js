// A table whose heads stay while its rows change: a head that has the focus keeps it over a refresh.

function made(head) {
  const cell = document.createElement("th")
  cell.scope = "col"
  const inside = head.order === null ? cell : cell.appendChild(document.createElement("button"))
  inside.textContent = head.text
  if (head.order !== null) inside.type = "button"
  return cell
}

function headed(row, heads) {
  const texts = [...row.children].map((cell) => cell.textContent)
  if (heads.map((head) => head.text).join("|") !== texts.join("|")) row.replaceChildren(...heads.map(made))
  heads.forEach(({ order, sort }, place) => {
    const cell = row.children[place]
    if (order === null) return
    cell.firstChild.dataset.order = order
    if (sort === "none") cell.removeAttribute("aria-sort")
    else cell.setAttribute("aria-sort", sort)
  })
}

// A row is one large link, but for who selects its text.
function opened(event) {
  if (event.target.closest("a") || String(window.getSelection())) return
  event.target.closest("tr")?.querySelector("a")?.click()
}

export default function ({ data, parentElement, setTriggerValue }) {
  const { heads, body } = JSON.parse(new TextDecoder().decode(data))
  const row = parentElement.querySelector("thead tr")
  const rows = parentElement.querySelector("tbody")
  headed(row, heads)
  // One that is being read or tabbed through is not taken away from under the reader.
  const held = rows.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null
  rows.innerHTML = body
  if (held) [...rows.querySelectorAll("a")].find((link) => link.getAttribute("href") === held)?.focus()
  row.onclick = ({ target }) => {
    const order = target.closest("button")?.dataset.order
    if (order) setTriggerValue("order", order)
  }
  rows.onclick = opened
}
