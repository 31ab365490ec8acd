// swift-tools-version: 6.2

import PackageDescription

// The rooms of the house and the only arrows between them: see docs/architecture.md.
// `.ci/run` builds with `--explicit-target-dependency-import-check error`, so an import that is not drawn here fails.

let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

// For `proxytrace --version`. Not asked of git here: a manifest is evaluated once and kept, and would go on naming that commit.
let commit = (Context.environment["PROXYTRACE_COMMIT"] ?? "").filter(\.isHexDigit)

let package = Package(
  name: "proxytrace",
  products: [
    .executable(name: "proxytrace", targets: ["proxytrace"]),
    // What most programs want: a capture in, tables and findings out. It re-exports TraceCore, ProxyModel and ProxyAnalysis.
    .library(name: "ProxyTraceKit", targets: ["ProxyTraceKit"]),
    // The stages alone.
    .library(name: "TraceReader", targets: ["TraceCore", "TraceReader"]),
    .library(name: "ProxyModel", targets: ["TraceCore", "ProxyModel"]),
    .library(name: "ProxyAnalysis", targets: ["TraceCore", "ProxyModel", "ProxyAnalysis"]),
    // Text, CSV, JSON and JUnit of what the analyses say.
    .library(name: "ProxyReport", targets: ["ProxyReport"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    // Perfetto's traces. Its code generator is not run here: see Sources/PerfettoProtos.
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
    // A command plugin: `swift package generate-documentation`. Nothing links it.
    .package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0"),
  ],
  targets: [
    // C libraries: a module map and nothing else.
    .systemLibrary(name: "CTraceEvent", pkgConfig: "libtraceevent", providers: [.apt(["libtraceevent-dev"])]),
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CTraceFS", pkgConfig: "libtracefs", providers: [.apt(["libtracefs-dev"])]),
    .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CMalloc"),
    .systemLibrary(name: "CLinux"),
    // What only the build knows.
    .target(name: "CBuildInfo", cSettings: [.define("PROXYTRACE_COMMIT", to: "\"\(commit)\"")]),

    // The library rooms, in the order in which an event passes through them.
    .target(name: "TraceCore", swiftSettings: strict),
    .target(
      name: "TraceReader",
      dependencies: [
        "TraceCore", "CTraceEvent", "CZstd", "CZlib", "PerfettoProtos",
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ], swiftSettings: strict),
    .target(name: "ProxyModel", dependencies: ["TraceCore"], swiftSettings: strict),
    .target(name: "ProxyAnalysis", dependencies: ["TraceCore", "ProxyModel"], swiftSettings: strict),
    .target(name: "ProxyCompare", dependencies: ["TraceCore", "ProxyModel", "ProxyAnalysis"], swiftSettings: strict),
    .target(
      name: "ProxyReport", dependencies: ["TraceCore", "ProxyModel", "ProxyAnalysis", "ProxyCompare"],
      swiftSettings: strict),

    // All of it together: a capture in, a timeline out. What a program that reads captures uses.
    .target(
      name: "ProxyTraceKit", dependencies: ["TraceCore", "TraceReader", "ProxyModel", "ProxyAnalysis"],
      swiftSettings: strict),

    // What is written compressed.
    .target(name: "Compression", dependencies: ["CZstd"], swiftSettings: strict),

    // Tables for engines that query: Parquet by our own hand, SQLite by GRDB; and with GRDB, Foundation.
    .target(
      name: "ProxyExport",
      dependencies: [
        "Compression", "CCrypto", "PerfettoProtos", "TraceCore", "ProxyModel", "ProxyAnalysis", "ProxyReport",
        .product(name: "GRDB", package: "GRDB.swift"), .product(name: "GRDBSQLite", package: "GRDB.swift"),
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ],
      resources: [.embedInCode("SQL")],
      swiftSettings: strict),

    // Perfetto's messages; the code is generated from the protocol beside it, so the rules for our own hand do not hold for it.
    .target(
      name: "PerfettoProtos", dependencies: [.product(name: "SwiftProtobuf", package: "swift-protobuf")],
      exclude: ["perfetto.proto"], swiftSettings: [.swiftLanguageMode(.v6)]),

    // Drawings, and pages that hold them: SVG and HTML with style and script inside.
    .target(
      name: "ProxyPictures",
      dependencies: ["CZlib", "TraceCore", "ProxyModel", "ProxyAnalysis", "ProxyCompare", "ProxyReport"],
      resources: [.embedInCode("Resources")],
      swiftSettings: strict),

    // Event maps as files: YAML, and with it Foundation, stay out of the rooms above.
    .target(
      name: "EventMaps", dependencies: ["TraceCore", .product(name: "Yams", package: "Yams")], swiftSettings: strict),

    // The live tracefs: what the kernel offers, probes, recording.
    .target(
      name: "TraceCapture", dependencies: ["TraceCore", "CTraceFS", "CLinux", "CZlib", "Compression"],
      swiftSettings: strict),

    // Flags in, a call, an exit status out.
    .executableTarget(
      name: "proxytrace",
      dependencies: [
        "CBuildInfo", "CMalloc", "TraceCore", "TraceCapture", "TraceReader", "ProxyModel", "ProxyAnalysis",
        "ProxyCompare",
        "ProxyReport", "ProxyTraceKit", "ProxyExport", "ProxyPictures", "EventMaps",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: strict),

    // Captures made by our own hand, for tests, benchmarks and fuzzing.
    .target(
      name: "TraceTestKit", dependencies: ["TraceCore", "TraceReader", "CZstd", "CZlib"],
      path: "Sources/Dev/TraceTestKit",
      swiftSettings: strict),

    // What the reconstruction is worth, against the truth and the probes of real captures.
    .target(
      name: "ProxyScore", dependencies: ["TraceCore", "ProxyModel", "ProxyTraceKit", "TraceTestKit"],
      path: "Sources/Dev/ProxyScore",
      swiftSettings: strict),

    // What damage and hostility do to the program, in one process: for tests, sweeps and fuzzing.
    .target(
      name: "Robustness",
      dependencies: [
        "EventMaps", "TraceCore", "ProxyModel", "ProxyAnalysis", "ProxyReport", "ProxyTraceKit", "TraceTestKit",
      ], path: "Sources/Dev/Robustness",
      swiftSettings: strict),

    // All tools for developing, in one executable with subcommands.
    .executableTarget(
      name: "proxytrace-dev",
      dependencies: [
        "ProxyScore", "Robustness", "TraceReader", "ProxyAnalysis", "ProxyReport", "ProxyTraceKit", "TraceCore",
        "TraceTestKit", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], path: "Sources/Dev/proxytrace-dev",
      swiftSettings: strict),

    .testTarget(name: "TraceCoreTests", dependencies: ["TraceCore", "TraceTestKit"], swiftSettings: strict),
    .testTarget(
      name: "TraceReaderTests", dependencies: ["TraceCore", "TraceReader", "TraceTestKit"], swiftSettings: strict),
    .testTarget(
      name: "TraceCaptureTests",
      dependencies: ["TraceCore", "TraceReader", "TraceCapture", "TraceTestKit", "proxytrace"],
      swiftSettings: strict),
    .testTarget(
      name: "TraceTestKitTests", dependencies: ["TraceCore", "TraceReader", "TraceTestKit"], swiftSettings: strict),
    .testTarget(
      name: "ProxyModelTests",
      dependencies: ["TraceCore", "ProxyModel", "ProxyScore", "ProxyTraceKit", "TraceTestKit"],
      swiftSettings: strict),
    .testTarget(
      name: "ProxyTraceKitTests",
      dependencies: [
        "ProxyTraceKit", "proxytrace", "TraceCore", "ProxyModel", "ProxyAnalysis", "ProxyReport", "Robustness",
        "TraceTestKit", "PerfettoProtos", "CZlib",
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ],
      swiftSettings: strict),
    .testTarget(
      name: "EventMapsTests",
      dependencies: [
        "TraceCore", "EventMaps", "ProxyModel", "ProxyAnalysis", "ProxyReport", "ProxyTraceKit", "TraceTestKit",
      ],
      swiftSettings: strict),
    .testTarget(
      name: "ProxyAnalysisTests", dependencies: ["TraceCore", "ProxyModel", "ProxyAnalysis"], swiftSettings: strict),
    .testTarget(
      name: "ProxyReportTests",
      dependencies: ["TraceCore", "ProxyModel", "ProxyAnalysis", "ProxyReport", "ProxyTraceKit", "TraceTestKit"],
      exclude: ["Golden"],
      swiftSettings: strict),
    .testTarget(
      name: "ProxyExportTests",
      dependencies: [
        "CZstd", "PerfettoProtos", "ProxyExport", "TraceCore", "ProxyModel", "ProxyAnalysis", "ProxyReport",
        "ProxyTraceKit", "TraceTestKit",
        .product(name: "GRDB", package: "GRDB.swift"), .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ],
      swiftSettings: strict),
    .testTarget(
      name: "ProxyPicturesTests",
      dependencies: [
        "ProxyPictures", "ProxyCompare", "ProxyTraceKit", "TraceCore", "ProxyModel", "ProxyAnalysis", "ProxyReport",
        "TraceTestKit",
      ],
      swiftSettings: strict),
    .testTarget(
      name: "ProxyCompareTests",
      dependencies: [
        "ProxyCompare", "ProxyTraceKit", "TraceCore", "ProxyModel", "ProxyAnalysis", "ProxyReport", "TraceTestKit",
      ],
      swiftSettings: strict),
    .testTarget(
      name: "RobustnessTests",
      dependencies: [
        "Robustness", "proxytrace", "ProxyTraceKit", "TraceCore", "ProxyModel", "ProxyAnalysis", "ProxyReport",
        "TraceTestKit",
      ],
      swiftSettings: strict),
  ]
)
