/** What is said of pictures, and of what inspection finds in them. */
export const pictures = {
  /** Pictures, and what is seen of them. */
  picture: {
    rename: 'Name of the picture',
    size: (width: number, height: number) => `${width} × ${height}`,
    grey: 'grey',
    rgb: 'colour',
    bits: (depth: number) => `${depth} bit`,
    shown: (name: string, layer: string) => `${name}: ${layer}`,
    preparing: 'Reading the picture',
    failed: 'The picture could not be shown',
    layer: 'What you see',
    layers: { original: 'Original', overlay: 'Overlay', heatmap: 'Heatmap', mask: 'Mask' },
    see: (name: string) => `See ${name}`,
    heat: 'Heat',
    opacity: 'Opacity of the heatmap',
    outline: 'Outline',
    readOut: 'Pixel',
    place: 'Place',
    at: (x: number, y: number) => `${x}, ${y}`,
    colour: 'Colour',
    value: 'Map',
    formats: {
      original: 'as it came in',
      heatmap: 'PNG, colours from 0 to 1',
      mask: 'PNG, white from the threshold on',
      overlay: 'PNG, half picture, half heatmap',
    },
  },
  /** Inspection: its verdict and what it found. */
  inspect: {
    verdict: 'Verdict',
    labels: { normal: 'Normal', odd: 'Odd' },
    brief: (label: 'normal' | 'odd', score: string) => `${label === 'odd' ? 'Odd' : 'Normal'} ${score}`,
    score: 'Score',
    from: (threshold: string) => `odd from ${threshold}`,
    found: (count: number, percent: string) =>
      count === 0 ? 'Nothing reaches the threshold' : `${count === 1 ? '1 region' : `${count} regions`} (${percent} %)`,
    foundHint: 'Parts of the picture that reach the threshold, and their share of its pixels.',
    shownOf: (count: number) => `(the ${count} highest are listed)`,
    regions: 'Regions, the highest first',
    regionWord: 'Region',
    region: (peak: string, mean: string, area: number, x: number, y: number) =>
      `peak ${peak} at ${x}, ${y}, mean ${mean}, ${area === 1 ? '1 pixel' : `${area} pixels`}`,
    spoken: (label: 'normal' | 'odd', score: string, count: number) =>
      `The picture is ${label}: score ${score}, ${count === 1 ? '1 region' : `${count} regions`}.`,
  },
}
