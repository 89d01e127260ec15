export * from './host'
export * from './open-browser'
