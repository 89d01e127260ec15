import { heatScale, type Asset, type Origin } from '@contract'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { render } from 'vitest-browser-svelte'
import { userEvent } from 'vitest/browser'
import { pictureActions } from '../../src-renderer/actions/picture'
import { around, fitted, fitScale, panned, scaledTo, toPicture, type Camera } from '../../src-renderer/image/camera'
import { findsOf } from '../../src-renderer/image/finds'
import { heatValue } from '../../src-renderer/image/heat-value'
import { maskEdges } from '../../src-renderer/image/outline'
import { isReduced, loadPixels, pixelsUrl } from '../../src-renderer/image/pixels'
import PictureView from '../../src-renderer/image/PictureView.svelte'
import ReadOut from '../../src-renderer/image/ReadOut.svelte'
import RegionList from '../../src-renderer/image/RegionList.svelte'
import Verdict from '../../src-renderer/image/Verdict.svelte'
import { takeDetail } from '../../src-renderer/library/take-name'
import { fitPicture, isFitted, see, seeDocument, seeing, seeNothing } from '../../src-renderer/state/seeing.svelte'
import { project } from '../../src-renderer/state/project.svelte'
import { resultName, takesOf } from '../../src-renderer/state/selection.svelte'

const camera: Camera = { x: 0, y: 0, scale: 1, viewWidth: 400, viewHeight: 300, width: 1000, height: 500 }

describe('the camera', () => {
  test('shows all of the picture in the middle, small ones larger', () => {
    const all = fitted(camera)
    expect(all).toMatchObject({ x: 500, y: 250 })
    expect(all.scale).toBeCloseTo(0.368, 6)
    expect(fitScale({ ...camera, width: 28, height: 28 })).toBeCloseTo(268 / 28, 6)
    expect(fitScale({ ...camera, width: 1, height: 1 })).toBe(64)
  })

  test('keeps what is under the pointer as it zooms, and never loses the picture', () => {
    const at = { x: 300, y: 100 }
    let now = scaledTo(fitted(camera), 1, at)
    const before = toPicture(now, at)
    now = scaledTo(now, 3, at)
    expect(toPicture(now, at).x).toBeCloseTo(before.x, 6)
    expect(toPicture(now, at).y).toBeCloseTo(before.y, 6)
    expect(scaledTo(now, 1e9).scale).toBe(64)
    expect(scaledTo(now, 0)).toEqual(fitted(camera))
    expect(panned(now, 1e6, -1e6)).toMatchObject({ x: 1000 - 200 / 3, y: 50 })
  })

  test('brings a box into the middle', () => {
    const near = around(camera, { x: 600, y: 200, width: 20, height: 10 })
    expect(near).toMatchObject({ x: 610, y: 205 })
    expect(near.scale).toBeCloseTo(400 / 60, 6)
    expect(around(camera, { x: 0, y: 0, width: 1000, height: 500 }).scale).toBeCloseTo(fitScale(camera), 6)
  })
})

test('every colour of the heat scale says its value, and mixed ones a near one', () => {
  const colours = heatScale()
  for (let i = 0; i < 256; i++)
    expect(heatValue([colours[3 * i]!, colours[3 * i + 1]!, colours[3 * i + 2]!])).toBe(i / 255)
  const [r, g, b] = colours.subarray(300, 303)
  expect(Math.abs(heatValue([r! + 1, g!, b!]) - 100 / 255)).toBeLessThan(0.02)
})

test('a mask is outlined along its edges, each a line as long as it goes', () => {
  // . # # .
  // . # . .
  const lines = maskEdges([0, 255, 255, 0, 0, 255, 0, 0], 4, 2)
  const found = Array.from({ length: lines.length / 4 }, (_, i) => lines.slice(4 * i, 4 * i + 4).join())
  expect(found.sort()).toEqual(['1,0,1,2', '1,0,3,0', '1,2,2,2', '2,1,2,2', '2,1,3,1', '3,0,3,1'])
  expect(maskEdges([255], 1, 1)).toHaveLength(16)
  expect(maskEdges([0, 0], 2, 1)).toEqual([])
})

const createdAt = '2026-11-24T10:00:00Z'
const picture = (id: string, more: Partial<Asset> = {}, size = { width: 64, height: 48 }): Asset => ({
  ...{ id, name: `${id}.png`, kind: 'image', bytes: 1, createdAt, sha256: 'f' },
  image: { ...size, channels: 3, depth: 8, format: 'png', notes: [], plain: true },
  ...more,
})
const region = { area: 12, peak: 0.91, peakAt: { x: 20, y: 30 }, mean: 0.7, box: { x: 18, y: 28, width: 6, height: 5 } }
const facts = { score: 0.87, label: 'odd', count: 300, share: 0.0004, regions: [region, region], notes: [] }
const origin = (role: string, more: Partial<Origin> = {}): Origin => ({
  ...{ job: 'j-1', task: 'inspect', role, source: 'a-1', pack: { id: 'p', name: 'Cloth', sha256: '' } },
  ...{ settings: { threshold: 0.6 }, seed: 1, device: 'cpu', fallback: null, seconds: 1, facts },
  ...more,
})

describe('a run over a picture', () => {
  test('is one result with all its files, named by its verdict', () => {
    const outputs = ['mask', 'overlay', 'heatmap'].map((role) => picture(`a-${role}`, { origin: origin(role) }))
    project.assets = [picture('a-1'), ...outputs]
    const takes = takesOf('a-1')
    expect(takes).toHaveLength(1)
    expect(takes[0]).toMatchObject({ result: { id: 'a-heatmap' }, noise: undefined })
    expect(takes[0]!.outputs.map(({ id }) => id).sort()).toEqual(['a-heatmap', 'a-mask', 'a-overlay'])
    expect(resultName(takes[0]!)).toBe('Odd 0.87')
    expect(takeDetail(takes[0]!, takes, (name) => name)).toBe('Cloth')
  })

  test('says what was found, also where its record says less', () => {
    expect(findsOf(origin('heatmap'))).toMatchObject({ label: 'odd', score: 0.87, threshold: 0.6, count: 300 })
    expect(findsOf(origin('clean', { task: 'enhance' }))).toBeUndefined()
    expect(findsOf(origin('heatmap', { facts: {} }))).toBeUndefined()
    expect(findsOf(origin('heatmap', { facts: { score: 0.1 }, settings: {} }))).toEqual({
      ...{ label: 'normal', score: 0.1, threshold: 0.5, regions: [], count: 0, share: 0, notes: [] },
    })
  })

  test('shows its verdict', async () => {
    const screen = await render(Verdict, { finds: findsOf(origin('heatmap'))! })
    await expect.element(screen.getByText('Odd', { exact: true })).toBeVisible()
    await expect.element(screen.getByText('0.87')).toBeVisible()
    await expect.element(screen.getByText('odd from 0.6')).toBeVisible()
    await expect.element(screen.getByText('300 regions (< 0.1 %) (the 2 highest are listed)')).toBeVisible()
  })

  test('lists its regions, one of which is looked at; arrows go on', async () => {
    const onchoose = vi.fn()
    const screen = await render(RegionList, { regions: [region, region], chosen: null, onchoose })
    const all = screen.getByRole('button', { name: /^Region \d 0\.91 peak 0\.91 at 20, 30, mean 0\.7, 12 pixels$/ })
    await all.nth(1).click()
    expect(onchoose).toHaveBeenLastCalledWith(1)
    await screen.rerender({ chosen: 1 })
    await expect.element(all.nth(1)).toHaveAttribute('aria-pressed', 'true')
    await expect.element(all.first()).toHaveAttribute('tabindex', '-1')
    await userEvent.keyboard('{ArrowLeft}')
    expect(onchoose).toHaveBeenLastCalledWith(0)
    await userEvent.keyboard('{End}{ArrowRight}')
    expect(onchoose).toHaveBeenLastCalledWith(1)
  })
})

describe('the pixels', () => {
  const large = (plain: boolean, width = 3000, height = 2000) => {
    const asset = picture('a-9', {}, { width, height })
    return { ...asset, image: { ...asset.image!, plain } }
  }

  test('come from the file itself only where the preview has fewer and a browser shows it rightly', () => {
    expect(pixelsUrl(picture('a-1'))).toBe('/media/a-1/preview')
    expect(pixelsUrl(large(true))).toBe('/media/a-9')
    expect(pixelsUrl(large(false))).toBe('/media/a-9/preview')
    expect(pixelsUrl(large(true, 20_000, 10_000))).toBe('/media/a-9/preview')
    expect([picture('a-1'), large(true), large(false)].map(isReduced)).toEqual([false, false, true])
  })

  /** A PNG of 2 × 1 pixels, red and blue. */
  async function twoPixels(): Promise<Blob> {
    const canvas = new OffscreenCanvas(2, 1)
    const context = canvas.getContext('2d')!
    context.fillStyle = '#f00'
    context.fillRect(0, 0, 1, 1)
    context.fillStyle = '#00f'
    context.fillRect(1, 0, 1, 1)
    return canvas.convertToBlob()
  }

  test('are waited for while they are being drawn, and read one by one, also of a picture that has more', async () => {
    const png = await twoPixels()
    const answers = [new Response('', { status: 404, headers: { 'retry-after': '1' } }), new Response(png)]
    const fetched = vi.spyOn(window, 'fetch').mockImplementation(() => Promise.resolve(answers.shift()!))
    const pixels = await loadPixels('/media/a-1/preview', new AbortController().signal)
    expect(fetched).toHaveBeenCalledTimes(2)
    expect(pixels.at(1, 0, { width: 2, height: 1 })).toEqual([0, 0, 255])
    expect(pixels.at(1, 1, { width: 4, height: 2 })).toEqual([255, 0, 0])
    expect(pixels.at(2, 1, { width: 4, height: 2 })).toEqual([0, 0, 255])
    pixels.close()
    fetched.mockImplementation(() => Promise.resolve(new Response('', { status: 404 })))
    await expect(loadPixels('/media/gone/preview', new AbortController().signal)).rejects.toThrow(/404/)
    fetched.mockRestore()
  })

  test('are drawn where the camera looks, as sharp squares when they are large, and the canvas goes with its view', async () => {
    const bitmap = await createImageBitmap(await twoPixels())
    const pixels = { bitmap, at: () => [255, 0, 0] as [number, number, number], close: () => bitmap.close() }
    const all = { id: 'a-1', name: 'two.png', size: { width: 2, height: 1 }, heatmap: undefined, mask: undefined }
    seeDocument(['original'], [])
    see('original')
    const screen = await render(PictureView, { ...all, picture: pixels, failed: false })
    const view = screen.getByRole('img', { name: 'two.png: Original' })
    await expect.element(view).toHaveAttribute('data-drawn', 'true')
    const host = view.element() as HTMLElement
    Object.assign(host.style, { width: '300px', height: '200px' })
    await expect.poll(() => seeing.camera).toMatchObject({ viewWidth: 300, viewHeight: 200, scale: 64 })
    const colour = (x: number, y: number) => {
      const canvas = host.querySelector('canvas')!
      const ratio = canvas.width / 300
      return [...canvas.getContext('2d')!.getImageData(x * ratio, y * ratio, 1, 1).data]
    }
    await expect.poll(() => colour(148, 100)).toEqual([255, 0, 0, 255])
    expect(colour(152, 100)).toEqual([0, 0, 255, 255])
    expect(colour(10, 10)[3]).toBe(0)
    const canvas = host.querySelector('canvas')!
    await screen.unmount()
    expect(canvas.isConnected).toBe(false)
  })

  test('are read out under the pointer, in the middle without one, and nowhere beside the picture', async () => {
    seeing.camera = fitted({ ...camera, width: 64, height: 48 })
    seeing.pointer = null
    const at = vi.fn((): [number, number, number] => [1, 2, 3])
    const pixels = { at, bitmap: {} as ImageBitmap, close() {} }
    const screen = await render(ReadOut, { image: picture('a').image!, picture: pixels, heatmap: undefined })
    await expect.element(screen.getByText('32, 24')).toBeVisible()
    await expect.element(screen.getByText('1 2 3')).toBeVisible()
    seeing.pointer = { x: 0, y: 0 }
    await expect.element(screen.getByText('32, 24')).not.toBeInTheDocument()
  })
})

describe('the keys of a picture', () => {
  beforeEach(() => {
    seeing.camera = fitted(camera)
    seeDocument(['original', 'overlay', 'heatmap', 'mask'], [region.box, { x: 100, y: 100, width: 9, height: 9 }])
  })

  test('choose what is seen only where there is such a thing', () => {
    pictureActions.seeMask.run()
    expect(seeing.layer).toBe('mask')
    pictureActions.comparePicture.run()
    expect(seeing.layer).toBe('original')
    seeDocument(['original'], [])
    expect(pictureActions.seeHeatmap.when()).toBe(false)
    expect(pictureActions.nextRegion.when()).toBe(false)
    seeNothing()
    expect(Object.values(pictureActions).filter((action) => action.when())).toEqual([])
  })

  test('go from region to region, around the end, and move the picture', () => {
    pictureActions.nextRegion.run()
    expect([seeing.region, isFitted()]).toEqual([0, false])
    pictureActions.previousRegion.run()
    expect(seeing.region).toBe(1)
    pictureActions.nextRegion.run()
    expect(seeing.region).toBe(0)
    const { x } = seeing.camera
    pictureActions.panRight.run()
    expect(seeing.camera.x).toBeGreaterThan(x)
    expect(seeing.aim).toBe(true)
    fitPicture()
    expect(pictureActions.panRight.when()).toBe(false)
  })
})
