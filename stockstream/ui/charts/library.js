// Fetches Plotly once a page, and early: before the first figure is there to be drawn.
window.stockstreamPlotly ??= new Promise((resolve, reject) => {
  const script = document.createElement("script")
  script.src = new URL("PLOTLY", document.baseURI).href
  script.onload = () => resolve(window.Plotly)
  script.onerror = () => reject(new Error(`cannot load ${script.src}; reload the page`))
  document.head.append(script)
})
