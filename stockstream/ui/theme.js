// Puts the chosen theme where Streamlit looks for it when it loads, and reloads the page if that changes
// it. What a browser cannot keep (storage switched off) changes nothing, and so is never loaded for again.
;((chosen) => {
  const OURS = "stockstream-theme"
  const loaded = new URL(performance.getEntriesByType("navigation")[0].name)
  const place = `stActiveTheme-${loaded.pathname}-v2`
  const wanted = { light: '"Light"', dark: '"Dark"' }[chosen] ?? null
  try {
    const worn = localStorage.getItem(place)
    if (wanted === null && localStorage.getItem(OURS) === null) return
    if (wanted === null) {
      localStorage.removeItem(OURS)
      localStorage.removeItem(place)
    } else {
      localStorage.setItem(OURS, wanted)
      localStorage.setItem(place, wanted)
    }
    if (localStorage.getItem(place) !== worn) location.reload()
  } catch {
    // No storage, no choice: the browser's preference stays.
  }
})
