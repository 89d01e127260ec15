export { listFile, openDocuments, peaksFile, type Edits } from './edits'
