import { existsSync } from 'node:fs'

/** Where a software Vulkan driver that ONNX Runtime's WebGPU provider takes may lie: Chromium's SwiftShader. */
const places = [
  '/usr/lib/chromium/vk_swiftshader_icd.json',
  '/usr/lib/chromium-browser/vk_swiftshader_icd.json',
  '/opt/google/chrome/vk_swiftshader_icd.json',
  '/snap/chromium/current/usr/lib/chromium-browser/vk_swiftshader_icd.json',
]

/** The driver's description for `VK_ICD_FILENAMES`; undefined where there is none. `NAGARE_VULKAN_ICD` names another place. */
export const softwareVulkan = (): string | undefined =>
  process.platform === 'linux'
    ? [process.env['NAGARE_VULKAN_ICD'] ?? '', ...places].find((file) => existsSync(file))
    : undefined
