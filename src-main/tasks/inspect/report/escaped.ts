const marks: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

/** Text as it stands in HTML and in its attributes: what is a mark of HTML stands for itself, and nothing turns the direction of what follows. */
export const escaped = (text: string): string =>
  text
    .replace(/[&<>"']/g, (mark) => marks[mark]!)
    // eslint-disable-next-line no-control-regex
    .replace(/[\u0000-\u0008\u000b-\u001f\u202a-\u202e\u2066-\u2069]/g, '\ufffd')
