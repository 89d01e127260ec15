import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from '@playwright/test'

/** axe on the window, which has no frames: so it needs no second page to put their results together, and works out no more than what is at fault. */
export const axe = (page: Page) =>
  new AxeBuilder({ page }).setLegacyMode().options({ resultTypes: ['violations'], selectors: false })
