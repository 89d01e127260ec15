/** Hands a file to the person under a name: what an address answers, or what was made here. */
export function saveAs(content: string | Blob, name: string): void {
  const href = typeof content === 'string' ? content : URL.createObjectURL(content)
  const link = Object.assign(document.createElement('a'), { href, download: name })
  document.body.append(link)
  link.click()
  link.remove()
  if (typeof content !== 'string') setTimeout(() => URL.revokeObjectURL(href), 60_000)
}
