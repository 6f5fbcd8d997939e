// The age of the newest trade, updated each second: between two refreshes, while the page is paused, and
// when its server is away. It is told as the server tells it.
window.stockstreamAge = (seconds) => {
  const whole = Math.floor(seconds)
  if (whole < 60) return `${seconds.toFixed(1)} s ago`
  const [days, hours, minutes] = [86400, 3600, 60].map((long) => Math.floor(whole / long))
  if (days) return `${days} d ${hours % 24} h ago`
  return hours ? `${hours} h ${minutes % 60} min ago` : `${minutes} min ${whole % 60} s ago`
}

function tick(node, now) {
  node.since ??= now
  const passed = Math.floor((now - node.since) / 1000)
  if (!passed || passed === node.passed) return
  node.passed = passed
  const seconds = Number(node.dataset.age) + passed
  node.textContent = window.stockstreamAge(seconds)
  node.parentElement.className = seconds > node.dataset.old ? "old" : "new"
}

window.stockstreamTicker ??= setInterval(() => {
  const now = performance.now()
  document.querySelectorAll(".status [data-age]").forEach((node) => tick(node, now))
}, 250)
