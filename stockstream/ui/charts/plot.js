// Draws a Plotly figure into one node that stays: each new figure is worked into the old one, so
// zoom, hover and legend choices survive a refresh. Colours are the page's CSS variables, read at
// each drawing, so that a change of theme needs no word from the server.

const COLOUR = /"(var\(--[^"]+\))"/g

function inked(figure, node) {
  const probe = document.createElement("i")
  node.parentElement.append(probe)
  const known = new Map()
  const colour = (_, name) => {
    if (!known.has(name)) {
      probe.style.color = name
      known.set(name, JSON.stringify(getComputedStyle(probe).color))
    }
    return known.get(name)
  }
  const drawn = JSON.parse(figure.replace(COLOUR, colour))
  probe.remove()
  drawn.layout.font.family = drawn.layout.hoverlabel.font.family = getComputedStyle(node).fontFamily
  return drawn
}

function isInSight(node) {
  const { top, bottom } = node.getBoundingClientRect()
  return bottom > 0 && top < window.innerHeight
}

const aFrame = () => new Promise(requestAnimationFrame).then(() => new Promise((next) => setTimeout(next)))
const waiting = (window.stockstreamWaiting ??= new Set())

// What is in sight is drawn first, and of that what is quickly drawn; the rest waits until the browser has
// nothing better to do.
async function whenItsTurn(node) {
  const isNext = () =>
    ![...waiting].some((other) => other.wanted.figure.length < node.wanted.figure.length && isInSight(other))
  waiting.add(node)
  do await aFrame()
  while (node.isConnected && isInSight(node) && !isNext())
  waiting.delete(node)
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
  const [frame, figure] = new TextDecoder().decode(data).split("\n")
  const { title, alt, height, config } = JSON.parse(frame)
  parentElement.querySelector("h3").textContent = title
  node.style.height = `${height}px`
  node.setAttribute("role", "figure")
  node.setAttribute("aria-label", alt)
  node.wanted = { figure, config }
  drawSoon(node)
  node.watch ??= new ResizeObserver(() => node._fullLayout && drawSoon(node))
  node.watch.observe(node)
  return () => {
    waiting.delete(node)
    node.watch.disconnect()
    if (window.Plotly && node._fullLayout) window.Plotly.purge(node)
  }
}
