export { csvOf, factsOf, type ReportFacts, type ReportInput, type ReportModel, type ReportRow } from './report-input'
export { writeReport } from './write-report'
