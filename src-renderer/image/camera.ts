/** What of a picture is seen: the view, CSS pixels, shows the picture's point (`x`, `y`) in its middle, `scale` CSS pixels for each of the picture's. */
export interface Camera {
  x: number
  y: number
  scale: number
  viewWidth: number
  viewHeight: number
  /** Size of the picture. */
  width: number
  height: number
}

export interface Point {
  x: number
  y: number
}

export interface Box extends Point {
  width: number
  height: number
}

const largestScale = 64
/** CSS pixels left free around a picture that is fitted. */
const margin = 16

/** The scale at which all of the picture is seen. */
export function fitScale({ viewWidth, viewHeight, width, height }: Camera): number {
  const across = Math.max(1, viewWidth - 2 * margin) / width
  const down = Math.max(1, viewHeight - 2 * margin) / height
  return Math.min(across, down, largestScale)
}

/** The scale under which nothing is shown smaller. */
export const smallestScale = (camera: Camera): number => Math.min(fitScale(camera), 1)

/** The camera with its scale within bounds, and the picture in the view as far as it fits in: in its middle where it is no larger than fitted. */
export function clampCamera(camera: Camera): Camera {
  const scale = Math.min(largestScale, Math.max(smallestScale(camera), camera.scale))
  const along = (at: number, size: number, view: number) => {
    const half = view / 2 / scale
    if (size <= 2 * half && scale <= fitScale(camera)) return size / 2
    return Math.min(Math.max(half, size - half), Math.max(Math.min(half, size - half), at))
  }
  return {
    ...camera,
    scale,
    x: along(camera.x, camera.width, camera.viewWidth),
    y: along(camera.y, camera.height, camera.viewHeight),
  }
}

/** All of the picture, in the middle. */
export const fitted = (camera: Camera): Camera => clampCamera({ ...camera, scale: fitScale(camera) })

/** The picture's point that is seen at a point of the view. */
export const toPicture = ({ x, y, scale, viewWidth, viewHeight }: Camera, at: Point): Point => ({
  x: x + (at.x - viewWidth / 2) / scale,
  y: y + (at.y - viewHeight / 2) / scale,
})

/** Where the picture's upper left corner lies in the view. */
export const origin = ({ x, y, scale, viewWidth, viewHeight }: Camera): Point => ({
  x: viewWidth / 2 - x * scale,
  y: viewHeight / 2 - y * scale,
})

/** The picture's pixel under a point of the view, where the picture is drawn on whole pixels of a screen that has `ratio` for each CSS pixel. */
export function pixelUnder(camera: Camera, at: Point, ratio: number): Point {
  const { x, y } = origin(camera)
  return {
    x: Math.floor((at.x - Math.round(x * ratio) / ratio) / camera.scale + 1e-9),
    y: Math.floor((at.y - Math.round(y * ratio) / ratio) / camera.scale + 1e-9),
  }
}

/** Brings the scale to `scale`, and keeps what is seen at `anchor`, a point of the view, its middle if left out. */
export function scaledTo(camera: Camera, scale: number, anchor?: Point): Camera {
  const at = anchor ?? { x: camera.viewWidth / 2, y: camera.viewHeight / 2 }
  const before = toPicture(camera, at)
  const bounded = clampCamera({ ...camera, scale }).scale
  return clampCamera({
    ...camera,
    scale: bounded,
    x: before.x - (at.x - camera.viewWidth / 2) / bounded,
    y: before.y - (at.y - camera.viewHeight / 2) / bounded,
  })
}

/** Moves what is seen by so many CSS pixels. */
export const panned = (camera: Camera, across: number, down: number): Camera =>
  clampCamera({ ...camera, x: camera.x + across / camera.scale, y: camera.y + down / camera.scale })

/** A box of the picture in the middle, with as much again around it. */
export function around(camera: Camera, { x, y, width, height }: Box): Camera {
  const scale = Math.min(camera.viewWidth / (3 * width), camera.viewHeight / (3 * height), 16)
  return clampCamera({ ...camera, scale: Math.max(scale, fitScale(camera)), x: x + width / 2, y: y + height / 2 })
}
