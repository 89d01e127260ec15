export { writeZip, type ZipItem } from './write-zip'
export * from './catalogue'
export { Manifest, Metric, Provenance } from './manifest'
export {
  describePack,
  halvePack,
  openPack,
  readManifest,
  recordMetrics,
  writePack,
  type OpenPack,
  type PackCard,
  type PackFiles,
} from './pack'
export { decodeSafetensors, encodeSafetensors } from './safetensors'
export { readNpz } from './npz'
export { longestVoiceName, twinVoice, voiceKey, Voices, voicesIn, voicesOf, type PackVoice } from './voices'
export { numpyNumbers, plainValue, readTorchFile, stateDict, type StateDict, type TorchFile } from './torch'
