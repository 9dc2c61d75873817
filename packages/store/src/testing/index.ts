export { PowerCut, SimulatedDisk, type ContentLoss, type NameLoss, type Trouble } from './simulated-disk.ts'
