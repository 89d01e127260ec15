import { contextBridge, ipcRenderer, webUtils } from 'electron'

// The page gets this and no more: the path of a file dropped on it, a folder that the person chooses, a port to the engine, the desktop's menu, and files
// dragged out of it.
contextBridge.exposeInMainWorld('desktop', {
  pathOf: (file: File) => webUtils.getPathForFile(file),
  chooseFolder: (title: string) => ipcRenderer.invoke('nagare:folder', title),
  platform: process.platform,
  setMenu: (menu: unknown) => ipcRenderer.send('nagare:menu', menu),
  dragOut: (name: string) => ipcRenderer.send('nagare:drag', name),
})
ipcRenderer.on('nagare:port', (event) => window.postMessage('nagare:port', window.location.origin, event.ports))
ipcRenderer.on('nagare:action', (_event, id: unknown) =>
  window.postMessage({ type: 'nagare:action', id: String(id) }, window.location.origin),
)
