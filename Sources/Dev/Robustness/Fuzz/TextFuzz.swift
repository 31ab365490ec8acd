import ProxyModel

/// Input = ftrace text.
enum TextFuzz {
  static func run(_ input: UnsafeRawBufferPointer) -> FuzzTarget.Result {
    var examiner = Examiner()
    examiner.keepsRecords = false
    let examination = examiner.examine(input)
    // A line is a record at most, and a loss in front of it.
    let lines = input.reduce(1) { $0 + ($1 == 0x0a ? 1 : 0) }
    let isTooMuch = !input.starts(with: [0x17]) && examination.timeline.eventCount > lines && !isCompressed(input)
    var result = FuzzTarget.Result(examination)
    if isTooMuch { result.violations.append("\(examination.timeline.eventCount) events in \(lines) lines") }
    return result
  }

  private static func isCompressed(_ input: UnsafeRawBufferPointer) -> Bool {
    input.starts(with: [0x1f, 0x8b]) || input.starts(with: [0x28, 0xb5])
  }

  static let seeds: [[UInt8]] = plainSeeds + calmSeeds

  /// Every form of line.
  private static let plainSeeds: [[UInt8]] = [
    """
    # entries-in-buffer/entries-written: 2037/2037   #P:4
    ##### CPU 1 buffer started ####
                  vip-185     [000] ...1.    37.086366: contention_begin: 000000009ff5772b (flags=SPIN|MUTEX)
                  vip-185     [000] d..3.    37.086377: contention_begin: 000000009ff5772b (flags=MUTEX)
                  vip-185     [000] d..2.    37.086390: sched_switch: prev_comm=vip prev_pid=185 prev_prio=108 prev_state=D ==> next_comm=low ly next_pid=184 next_prio=135
    CPU:1 [LOST 5 EVENTS]
               <idle>-0       [001] dNh2.    37.087000: sched_waking: comm=a pid=7 prio=120 target_cpu=001
                lowly-184     [000] d..3.    37.160323: contended_release: 000000009ff5772b
                lowly-184     [000] d..3.    37.160330: sched_waking: comm=vip pid=185 prio=108 target_cpu=000
                lowly-184     [000] d..2.    37.160400: sched_switch: prev_comm=low ly prev_pid=184 prev_prio=135 prev_state=R+ ==> next_comm=vip next_pid=185 next_prio=108
                  vip-185     [000] d..2.    37.160442: contention_end: 000000009ff5772b (ret=0)
    """,
    """
    cpus=2
                  wl-90    [001]    50.249476976: contended_release:    0xffffffff822b1a60
        kworker/u8:4-53    [001]    50.256598256: sched_switch:         kworker/u8:4:53 [120] W ==> trace-cmd:90 [120]
        kworker/u8:4-53    [001]    50.256599886: switch:               (ffffffff8107f86c) prev_pid=53 next_pid=90 next_task=0xff110001009f2000 donor=0x0 donor_pid=1
              <idle>-0     [001]    50.256735796: sched_wakeup:         trace-cmd:90 [120] CPU:001
              <idle>-0     [001]    50.256752276: set_next_fair:        (ffffffff8108eaf0) pid=90 prio=120
    CPU:1 [12 EVENTS DROPPED]
                  sh-53    [001]     50.457675363: sched_process_fork:   comm=sh pid=53 child_comm=sh child_pid=59
               sleep-60    [001]     50.478093127: sched_process_exec:   filename=/usr/bin/sleep pid=60 old_pid=60
              <idle>-0     [000]     51.167570201: bpf_trace_printk:     running pid=14
    """,
    """
          wl-90      1d..3.    50.249477: contended_release:     lock_addr=0xffffffff822b1a60
    kworker/-53      1d..2. 50256598us+: sched_switch: prev_comm=kworker/u8:4 prev_pid=53 prev_prio=120 prev_state=128 next_comm=trace-cmd next_pid=90 next_prio=120
    > <...>-53 (   53) [001] d..2. 51: sched:sched_migrate_task: comm=a pid=1 prio=120 orig_cpu=0 dest_cpu=1
           donor-67    [000]     7.852762910: contention_begin:      lock_addr=0xffffffffa0201000 flags=33
    """,
    "          <idle>-0       [003]  5.1: sched_process_exit: comm=a pid=1 prio=120\r\n\r\n#\r\nCPU 3 is empty\r\n",
    "a-1 [0] 1: task_rename: pid=1 oldcomm=a newcomm=b oom_score_adj=0\na-1 [0] 2: x\na-1 [0] 3: sched_ext_event: name A delta 1",
  ].map { Array($0.utf8) }

  /// Tasks that take turns while nobody waits for a lock: what the model follows on its fast path.
  private static let calm: String = (0..<72).map { round in
    let (first, second) = round % 2 == 0 ? (1, 2) : (2, 1)
    let state = round % 4 == 0 ? "S" : "R"
    let time = String(1000 + round)
    return
      "  t\(first)-\(first) [000] 1.\(time)00: sched_switch: t\(first):\(first) [120] \(state) ==> t\(second):\(second) [120]\n"
      + (round % 4 == 0 ? "  t2-2 [000] 1.\(time)01: sched_waking: comm=t1 pid=1 prio=120 target_cpu=000\n" : "")
  }.joined()

  /// One wait in the midst of it, and every other form of line behind it.
  private static let calmSeeds: [[UInt8]] = {
    let wait = """
        t1-1 [000] 1.200000: contention_begin: 00000000aa000001 (flags=MUTEX)
        t1-1 [000] 1.200100: contention_end: 00000000aa000001 (ret=0)

      """
    return [Array(calm.utf8), Array((calm + wait + calm.replacing(" 1.1", with: " 1.2")).utf8)]
      + plainSeeds.map { Array(calm.utf8) + $0 }
  }()
}
