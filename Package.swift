// swift-tools-version: 6.1
// The layers of docs/one-step.md, bottom up. A target may only depend on targets above it in this file;
// scripts/check-layers holds every import to that.
import PackageDescription

let package = Package(
    name: "Lockstep",
    products: [
        .library(name: "Lockstep", targets: ["Lockstep"]),
        .executable(name: "lockstep", targets: ["LockstepCommand"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        // Layer 0: thin C shims, no policy.
        .target(name: "CMPI", linkerSettings: [.linkedLibrary("mpi")]),
        .target(name: "CKernels"),
        .target(name: "CHash"),
        .target(name: "CImage", linkerSettings: [.linkedLibrary("png"), .linkedLibrary("jpeg")]),
        .target(name: "CZlib", linkerSettings: [.linkedLibrary("z")]),
        .target(name: "CProcess"),

        // Layer 1
        .target(name: "Collectives"),
        .target(name: "Streams"),
        .target(name: "Tensors", dependencies: ["CKernels"]),

        // Layer 2
        .target(name: "MPI", dependencies: ["CMPI", "Collectives"]),
        .target(name: "Autograd", dependencies: ["Tensors", "CHash"]),

        // Layer 3
        .target(name: "Layers", dependencies: ["Autograd", "Tensors"]),
        .target(name: "Optimizers", dependencies: ["Autograd", "Tensors", "CKernels"]),
        .target(name: "Datasets", dependencies: ["Autograd", "Tensors", "Streams", "CKernels", "CImage", "CZlib"]),

        // Layer 4
        .target(name: "Hosts", dependencies: ["Collectives", "Tensors", "Streams", "CKernels"]),
        .target(name: "Watchdog", dependencies: ["Collectives", "Hosts", "Tensors", "Streams"]),
        .target(
            name: "Checkpoints",
            dependencies: [
                "Optimizers", "Autograd", "Tensors", "Streams", .product(name: "Yams", package: "Yams"),
            ]),
        .target(
            name: "Models",
            dependencies: ["Layers", "Autograd", "Tensors", "Streams", .product(name: "Yams", package: "Yams")]),
        .target(
            name: "DataParallel",
            dependencies: ["Collectives", "Hosts", "Watchdog", "Optimizers", "Autograd", "Tensors", "CKernels"]),
        .target(
            name: "Profiling",
            dependencies: ["Collectives", "Hosts", "Checkpoints", "Layers", "Tensors", "Streams"]),

        // Layer 5
        .target(
            name: "Training",
            dependencies: [
                "Collectives", "Hosts", "Watchdog", "Checkpoints", "Profiling", "Models", "Layers", "Optimizers",
                "Datasets", "DataParallel", "Autograd", "Tensors", "Streams", "CKernels",
            ]),

        // Layer 6: wiring, the only importers of MPI.
        .target(
            name: "Lockstep",
            dependencies: [
                "Collectives", "MPI", "Hosts", "Watchdog", "Checkpoints", "Profiling", "Models", "Layers", "Optimizers",
                "Datasets", "DataParallel", "Training", "Autograd", "Tensors", "Streams",
                .product(name: "Logging", package: "swift-log"),
            ]),
        .executableTarget(
            name: "LockstepCommand",
            dependencies: [
                "Lockstep", "MPI", "Streams", "CProcess",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"), .product(name: "Yams", package: "Yams"),
            ],
            // Within the binary, so that it works wherever it is copied.
            resources: [
                "mnist-fast", "mnist-99", "mnist-994", "fashion-mnist", "cifar10-cnn", "cifar10-resnet20",
                "cifar-fast", "sign-language", "autoencoder",
                "adult", "adult-resnet", "california-housing", "california-resnet", "penguins",
                "sms-spam", "sms-transformer", "names", "names-lstm",
                "shakespeare", "shakespeare-lstm", "gpt-shakespeare",
                "airline-passengers", "temperatures", "temperatures-conv",
            ].map { .embedInCode("Configurations/\($0).yaml") }),
        .executableTarget(name: "MPISelfTest", dependencies: ["MPI", "Collectives", "Watchdog", "Streams"]),

        // Examples: what a user's own program looks like.
        .executableTarget(name: "Tutorial", dependencies: ["Lockstep"], path: "Examples/Tutorial"),
        .executableTarget(name: "OwnModel", dependencies: ["Lockstep"], path: "Examples/OwnModel"),
        .executableTarget(name: "OwnLayer", dependencies: ["Lockstep"], path: "Examples/OwnLayer"),
        .executableTarget(name: "OwnDataset", dependencies: ["Lockstep"], path: "Examples/OwnDataset"),
        .executableTarget(name: "OwnLoss", dependencies: ["Lockstep"], path: "Examples/OwnLoss"),
        .executableTarget(name: "OwnMetric", dependencies: ["Lockstep"], path: "Examples/OwnMetric"),
        .executableTarget(name: "OwnCallback", dependencies: ["Lockstep"], path: "Examples/OwnCallback"),
        .executableTarget(name: "OwnSink", dependencies: ["Lockstep"], path: "Examples/OwnSink"),

        // Our side of scripts/bench.
        .executableTarget(
            name: "Benchmark",
            dependencies: ["Lockstep", .product(name: "ArgumentParser", package: "swift-argument-parser")],
            path: "Benchmarks/Benchmark"),

        // Tests, and what they share.
        .target(name: "TestSupport", path: "Tests/TestSupport"),
        .target(
            name: "KernelReference", dependencies: ["CKernels"], path: "Tests/KernelReference", exclude: ["main.c"],
            linkerSettings: [.linkedLibrary("m")]),
        .executableTarget(name: "Fuzz", dependencies: ["Lockstep"], path: "Tests/Fuzz"),
        .executableTarget(name: "StepProbe", dependencies: ["Lockstep"], path: "Tests/StepProbe"),
        .executableTarget(name: "FitProbe", dependencies: ["Lockstep"], path: "Tests/FitProbe"),
        .executableTarget(name: "WeightedProbe", dependencies: ["Lockstep"], path: "Tests/WeightedProbe"),
        .executableTarget(name: "GraphProbe", dependencies: ["Lockstep"], path: "Tests/GraphProbe"),
        .executableTarget(
            name: "GoldenRuns", dependencies: ["Lockstep"], path: "Tests/GoldenRuns", exclude: ["fingerprints"]),
        .testTarget(name: "CollectivesTests", dependencies: ["Collectives"]),
        .testTarget(name: "StreamsTests", dependencies: ["Streams"]),
        .testTarget(name: "MPITests", dependencies: ["MPI", "MPISelfTest", "TestSupport"]),
        .testTarget(name: "TensorsTests", dependencies: ["Tensors", "CKernels", "KernelReference"]),
        .testTarget(name: "AutogradTests", dependencies: ["Autograd", "Tensors"], exclude: ["Reference"]),
        .testTarget(
            name: "LayersTests", dependencies: ["Layers", "Autograd", "Tensors"], exclude: ["Reference"]),
        .testTarget(
            name: "OptimizersTests", dependencies: ["Optimizers", "Autograd"], resources: [.copy("Reference")]),
        .testTarget(
            name: "ModelsTests",
            dependencies: ["Models", "Layers", "Autograd", "Tensors", "TestSupport", "GraphProbe"],
            resources: [.copy("Reference")]),
        .testTarget(
            name: "CommandTests",
            dependencies: ["Lockstep", "LockstepCommand", "TestSupport", "Training", "Checkpoints", "Fuzz"]),
        .testTarget(
            name: "DatasetsTests", dependencies: ["Datasets", "Tensors", "CZlib"], resources: [.copy("Reference")]),
        .testTarget(
            name: "TrainingTests",
            dependencies: [
                "Training", "Checkpoints", "Profiling", "Autograd", "Datasets", "Layers", "Models", "Optimizers",
                "Tensors",
                "Streams", "TestSupport", "StepProbe", "FitProbe", "WeightedProbe", "GraphProbe",
                "KernelReference", "GoldenRuns",
                "OwnLayer", "OwnDataset", "OwnLoss", "OwnMetric", "OwnCallback", "OwnSink",
            ],
            exclude: ["Reference"]),
        .testTarget(
            name: "DataParallelTests",
            dependencies: ["DataParallel", "Hosts", "Watchdog", "Collectives", "Optimizers", "Autograd", "Tensors"]),
    ],
    swiftLanguageModes: [.v6],
    cLanguageStandard: .c11
)
