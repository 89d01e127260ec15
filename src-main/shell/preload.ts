import { contextBridge, ipcRenderer, webUtils } from 'electron'

// The page gets two things and no more: the path of a file dropped on it, and a port to the engine.
contextBridge.exposeInMainWorld('desktop', {
  pathOf: (file: File) => webUtils.getPathForFile(file),
  platform: process.platform,
})
ipcRenderer.on('nagare:port', (event) => window.postMessage('nagare:port', window.location.origin, event.ports))
