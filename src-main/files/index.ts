export * from './handler'
export * from './headers'
export * from './places'
