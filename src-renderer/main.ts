import './jitless'
import { mount } from 'svelte'
import './ui/tokens.css'
import './ui/base.css'
import App from './App.svelte'
import { tell } from './state/notices.svelte'
import { text } from './text/text.svelte'
import { applyRemembered } from './state/language'
import { start } from './transport/engine'

// Parts of the window are loaded when first needed; an update in between takes them away.
window.addEventListener('vite:preloadError', (event) => {
  event.preventDefault()
  const action = { label: text.engine.reload, run: () => location.reload() }
  tell({ kind: 'warning', title: text.engine.updated, text: text.engine.updatedHint, action }, 0)
})

applyRemembered()
start()
mount(App, { target: document.getElementById('app')! })
