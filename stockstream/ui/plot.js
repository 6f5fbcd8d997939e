// Draws a Plotly figure into one node that stays: each new figure is worked into the old one, so
// zoom, hover and legend choices survive a refresh. Colours are the page's CSS variables, read at
// each drawing, so that a change of theme needs no word from the server.

function inked(figure, node) {
  const probe = document.createElement("i")
  node.parentElement.append(probe)
  const known = new Map()
  const colour = (name) => {
    if (!known.has(name)) {
      probe.style.color = name
      known.set(name, getComputedStyle(probe).color)
    }
    return known.get(name)
  }
  const drawn = JSON.parse(JSON.stringify(figure), (_, value) =>
    typeof value === "string" && value.startsWith("var(--") ? colour(value) : value,
  )
  probe.remove()
  drawn.layout.font.family = getComputedStyle(node).fontFamily
  return drawn
}

function isInSight(node) {
  const { top, bottom } = node.getBoundingClientRect()
  return bottom > 0 && top < window.innerHeight
}

// What is in sight is drawn first: the rest waits until the browser has nothing better to do.
async function whenItsTurn(node) {
  await new Promise(requestAnimationFrame)
  await new Promise((next) => setTimeout(next))
  if (isInSight(node)) return
  const whenIdle = window.requestIdleCallback ?? ((next) => setTimeout(next, 200))
  await new Promise((next) => whenIdle(next, { timeout: 1000 }))
}

// One drawing a frame, so that the first chart is seen before the last is drawn; a tab in the
// background draws nothing, and the newest figure alone when it is looked at again.
async function drawSoon(node) {
  if (node.waiting) return
  node.waiting = true
  const Plotly = await window.stockstreamPlotly
  await whenItsTurn(node)
  node.waiting = false
  if (!node.isConnected) return
  const { figure, config } = node.wanted
  const { data, layout } = inked(figure, node)
  await Plotly.react(node, data, layout, config)
}

export default function ({ data, parentElement }) {
  const node = parentElement.querySelector(".plot")
  node.style.height = `${data.figure.layout.height}px`
  node.setAttribute("role", "figure")
  node.setAttribute("aria-label", data.alt)
  node.wanted = data
  drawSoon(node)
  node.watch ??= new ResizeObserver(() => node._fullLayout && drawSoon(node))
  node.watch.observe(node)
  return () => {
    node.watch.disconnect()
    if (window.Plotly && node._fullLayout) window.Plotly.purge(node)
  }
}
