import Foundation
import Testing
import TraceCore
import TraceTestKit

@testable import TraceReader

/// What is no capture, or lacks too much: each is named, with what to do.
extension TextFormTests {
  @Test func perfTraceIsNamed() throws {
    let text =
      "     0.628 sched:sched_switch(prev_comm: \"sleep\", prev_pid: 5273 (sleep), prev_prio: 120, prev_state: 1, next_comm: \"swapper/6\", next_pid: 0, next_prio: 120)\n"
    let file = try ScratchFile(Array(text.utf8))
    let error = #expect(throws: TraceError.self) { _ = try CaptureReader(path: file.path) }
    #expect(error?.problem.contains("perf trace") == true && error?.advice.contains("perf script") == true)
  }

  @Test(arguments: [
    ("[000] d..2. 154.892148: sched_waking: comm=sugov:4 pid=491 prio=-1 target_cpu=007\n", "the column of tasks"),
    ("           time    cpu  task name  wait time  sch delay   run time\n", "perf sched timehist"),
    (" contended   total wait     max wait     avg wait         type   caller\n", "perf lock contention"),
    ("# tracer: nop\n#\n# entries-in-buffer/entries-written: 0/0   #P:4\n#\n", "ftrace text without a single event"),
    ("cpus=4\n", "ftrace text without a single event"),
    (
      "# tracer: function_graph\n#\n 1)   0.318 us    |  mutex_unlock();\n",
      "function_graph tracer without a single event"
    ),
    ("# tracer: function_graph\n 1)  donor-61 |   |  /* sched_switch: prev_comm=a */\n", "whose events have no time"),
    ("> 1.000100 |   1)   |               |  /* sched_switch: prev_comm=a */\n", "whose events have no task"),
    (" 1.000100 |  donor-61  |               |  /* sched_switch: prev_comm=a */\n", "whose events have no CPU"),
    ("# \(event)\n# \(event)\n", "of which every line is a comment"),
    ("{ \"metadata\":{}, \"traceEvents\":[{\"name\":\"a\"}]}", "Chrome's JSON"),
  ]) func whatLacksTooMuchIsNamed(text: String, problem: String) throws {
    let file = try ScratchFile(Array(text.utf8))
    let error = #expect(throws: TraceError.self) { _ = try CaptureReader(path: file.path) }
    #expect(error?.problem.contains(problem) == true, "\(String(describing: error))")
  }

  @Test(
    arguments: [
      ([UInt8](repeating: 0, count: 100), "begins with zeros", "record again"),
      ([0x1f, 0x9d, 0x90, 0x61, 0x62, 0x63], "compressed by compress", "gzip -dc"),
      (event.utf8.flatMap { [0, $0] }, "UTF-16", "-f UTF-16BE"),
      (event.utf8.flatMap { [$0, 0] }, "UTF-16", "-f UTF-16LE"),
      ([0xfe, 0xff] + event.utf8.flatMap { [0, $0] }, "UTF-16", "-f UTF-16 "),
    ] as [([UInt8], String, String)]) func otherBytesAreNamed(bytes: [UInt8], problem: String, advice: String) throws
  {
    let file = try ScratchFile(bytes)
    let error = #expect(throws: TraceError.self) { _ = try CaptureReader(path: file.path) }
    #expect(
      error?.problem.contains(problem) == true && error?.advice.contains(advice) == true, "\(String(describing: error))"
    )
  }

  /// What is in a compressed file is named as it would be outside.
  @Test(
    arguments: [
      ([], "an empty file, compressed by gzip", "record again"),
      (Array("PERFILE2".utf8) + [UInt8](repeating: 1, count: 100), "perf.data", "perf script"),
      ([0x17, 0x08, 0x44] + Array("tracing6".utf8), "a trace.dat that gzip", "gzip -dk"),
      ([UInt8](repeating: 0x61, count: 257) + Array("ustar\n\(event)\n\(event)\n".utf8), "tar archive", "tar xf"),
      (Array("hello\n".utf8), "no ftrace text", "gzip -dk"),
    ] as [([UInt8], String, String)]) func compressedFilesAreNamed(bytes: [UInt8], problem: String, advice: String)
    throws
  {
    let plain = try ScratchFile(bytes)
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["gzip", "-c", plain.path]
    let output = try ScratchFile([])
    process.standardOutput = FileHandle(forWritingAtPath: output.path)
    try process.run()
    process.waitUntilExit()
    let error = #expect(throws: TraceError.self) { _ = try CaptureReader(path: output.path) }
    #expect(
      error?.problem.contains(problem) == true && error?.advice.contains(advice) == true, "\(String(describing: error))"
    )
  }
}
