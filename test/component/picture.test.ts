import { type Asset, type Origin } from '@contract'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { render } from 'vitest-browser-svelte'
import { userEvent } from 'vitest/browser'
import { pictureActions } from '../../src-renderer/actions/picture'
import { around, fitted, fitScale, panned, scaledTo, toPicture, type Camera } from '../../src-renderer/image/camera'
import { findsOf } from '../../src-renderer/image/finds'
import PictureView from '../../src-renderer/image/PictureView.svelte'
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
    const outputs = ['mask', 'overlay', 'heatmap', 'map', 'reconstruction'].map((role) =>
      picture(`a-${role}`, { origin: origin(role) }),
    )
    project.assets = [picture('a-1'), ...outputs]
    const takes = takesOf('a-1')
    expect(takes).toHaveLength(1)
    expect(takes[0]).toMatchObject({ result: { id: 'a-heatmap' }, noise: undefined })
    expect(takes[0]!.outputs.map(({ id }) => id).sort()).toEqual([
      ...['a-heatmap', 'a-map', 'a-mask', 'a-overlay', 'a-reconstruction'],
    ])
    expect(resultName(takes[0]!)).toBe('Odd 0.87')
    expect(takeDetail(takes[0]!, takes, (name) => name)).toBe('Cloth')
  })

  test('says what was found, also where its record says less', () => {
    expect(findsOf(origin('heatmap'))).toMatchObject({ label: 'odd', score: 0.87, threshold: 0.6, count: 300 })
    expect(findsOf(origin('clean', { task: 'enhance' }))).toBeUndefined()
    expect(findsOf(origin('heatmap', { facts: {} }))).toBeUndefined()
    expect(findsOf(origin('heatmap', { facts: { score: 0.1 }, settings: {} }))).toEqual({
      ...{ label: 'normal', score: 0.1, threshold: 0.5, regions: [], count: 0, share: 0, notes: [], low: 0, high: 1 },
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

describe('the view', () => {
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

  const look = {
    heat: { table: new Uint32Array(65536).fill(0xff00ff00), look: 'green' },
    mask: { table: new Uint32Array(65536).fill(0xffffffff), look: 'white', specks: null },
    opacity: 0.5,
  }

  test('draws where the camera looks, as sharp squares when pixels are large, two layers beside each other, and its canvas goes with it', async () => {
    const png = await twoPixels()
    const fetched = vi
      .spyOn(window, 'fetch')
      .mockImplementation((url) =>
        Promise.resolve(String(url).includes('/values/') ? new Response(Uint16Array.of(9, 9)) : new Response(png)),
      )
    const size = { width: 2, height: 1 }
    const all = { id: 'a-1', name: 'two.png', size, look, outline: undefined }
    const parts = { picture: picture('a-1', {}, size), map: picture('a-map', {}, size) }
    seeDocument(['original', 'overlay', 'heatmap', 'mask'], [])
    see('original')
    const screen = await render(PictureView, { ...all, parts })
    const view = screen.getByRole('img', { name: 'two.png: Original' })
    const host = view.element() as HTMLElement
    Object.assign(host.parentElement!.style, { width: '300px', height: '200px' })
    await expect.element(view).toHaveAttribute('data-drawn', 'true')
    expect(fetched.mock.calls[0]![0]).toBe('/media/a-1/tiles/0/0-0?draft')
    await expect.poll(() => seeing.camera).toMatchObject({ viewWidth: 300, viewHeight: 200, scale: 64 })
    const colour = (x: number, y: number) => {
      const canvas = host.querySelector('canvas')!
      const ratio = canvas.width / 300
      return [...canvas.getContext('2d')!.getImageData(x * ratio, y * ratio, 1, 1).data]
    }
    await expect.poll(() => colour(148, 100)).toEqual([255, 0, 0, 255])
    expect(colour(152, 100)).toEqual([0, 0, 255, 255])
    expect(colour(10, 10)[3]).toBe(0)

    seeing.other = 'heatmap'
    seeing.view = 'swipe'
    seeing.divider = 0.5
    await expect.poll(() => colour(152, 100)).toEqual([0, 255, 0, 255])
    expect(colour(148, 100)).toEqual([255, 0, 0, 255])
    const divider = screen.getByRole('slider', { name: 'Divider between the two layers' })
    await expect.element(divider).toHaveAttribute('aria-valuetext', '50 % from the left')
    ;(divider.element() as HTMLElement).focus()
    await userEvent.keyboard('{ArrowRight}')
    await expect.element(divider).toHaveAttribute('aria-valuenow', '51')
    await expect.poll(() => colour(152, 100)).toEqual([0, 0, 255, 255])

    seeing.view = 'side'
    await expect.poll(() => seeing.camera.viewWidth).toBe(150)
    await expect.poll(() => colour(73, 100)).toEqual([255, 0, 0, 255])
    await expect.poll(() => colour(223, 100)).toEqual([0, 255, 0, 255])
    expect(colour(80, 100)).toEqual([0, 0, 255, 255])

    seeing.view = 'one'
    const canvas = host.querySelector('canvas')!
    await screen.unmount()
    expect(canvas.isConnected).toBe(false)
    fetched.mockRestore()
  })

  test('says why a picture cannot be shown', async () => {
    const error = { error: { code: 'corrupt', message: 'a-2.png: expected a whole picture.' } }
    const fetched = vi
      .spyOn(window, 'fetch')
      .mockImplementation(() => Promise.resolve(Response.json(error, { status: 500 })))
    seeDocument(['original'], [])
    const screen = await render(PictureView, {
      ...{ id: 'a-2', name: 'torn.png', size: { width: 64, height: 48 }, look, outline: undefined },
      parts: { picture: picture('a-2') },
    })
    const host = screen.getByRole('img', { name: 'torn.png: Original' }).element() as HTMLElement
    Object.assign(host.parentElement!.style, { width: '300px', height: '200px' })
    await expect.element(screen.getByText(/could not be shown. a-2.png: expected a whole picture/)).toBeVisible()
    fetched.mockRestore()
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
