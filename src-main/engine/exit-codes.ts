/** How an engine process ends when it cannot go on; the supervisor has sentences for them. */
export const exitCodes = { stuck: 70, uncaught: 71, unopened: 72 }
