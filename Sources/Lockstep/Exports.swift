// `import Lockstep` is all that a program needs.

@_exported import Autograd
@_exported import Checkpoints
@_exported import Collectives
@_exported import DataParallel
@_exported import Datasets
@_exported import Hosts
@_exported import Layers
@_exported import Models
@_exported import Optimizers
@_exported import Profiling
@_exported import Streams
@_exported import Tensors
@_exported import Training
@_exported import Watchdog
