export { openDocuments, type Edits } from './edits'
