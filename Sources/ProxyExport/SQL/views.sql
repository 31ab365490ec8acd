-- Views over the exported tables, in the SQL that SQLite, DuckDB, Spark and ClickHouse share.
-- A percentile is the smallest value that at least so many per cent of all do not exceed, as `proxytrace report` has it.
-- Locks of different captures are the same where their symbols are: addresses differ from boot to boot.

-- Captures from which nothing is missing: no lost record, no damage.
CREATE VIEW v_complete_captures AS
SELECT *
FROM captures
WHERE lost_events = 0 AND damage = 0 AND coalesce(lost_share, 0) = 0;

-- Which tables a capture does not allow, and which events would give them.
CREATE VIEW v_unavailable AS
SELECT c.capture_id AS capture_id, c.path AS path, c.kernel AS kernel, a.table_name AS table_name, a.reason AS reason
FROM availability a JOIN captures c ON c.capture_id = a.capture_id
WHERE NOT a.available;

-- All waits, the longest first: place 1 is the longest of all captures. `proxytrace explain PATH --wait wait_id` tells its story.
CREATE VIEW v_worst_waits AS
SELECT
  row_number() OVER (ORDER BY w.wait_ns DESC, w.capture_id, w.id) AS place,
  w.capture_id AS capture_id, c.path AS path, c.kernel AS kernel, w.id AS wait_id, w.kind AS kind,
  w.waiter_pid AS waiter_pid, w.waiter_comm AS waiter_comm, w.lock AS lock, w.lock_symbol AS lock_symbol,
  w.owner_pid AS owner_pid, w.owner_comm AS owner_comm, w.owner_evidence AS owner_evidence,
  w.begin_ns AS begin_ns, w.wait_ns AS wait_ns, w.proxied_ns AS proxied_ns, w.inverted_ns AS inverted_ns,
  w.result AS result, w.gap AS gap
FROM waits w JOIN captures c ON c.capture_id = w.capture_id;

-- A row a capture: whether the kernel proxies, and where the time waiting for mutexes went.
CREATE VIEW v_wait_classes AS
SELECT
  c.capture_id AS capture_id, c.path AS path, c.kernel AS kernel, c.verdict AS verdict, count(*) AS waits,
  sum(w.wait_ns) AS wait_ns, max(w.wait_ns) AS worst_ns, sum(w.self_ns) AS self_ns, sum(w.handoff_ns) AS handoff_ns,
  sum(w.unknown_ns) AS unknown_ns, sum(w.proxied_ns) AS proxied_ns, sum(w.running_ns) AS running_ns,
  sum(w.inverted_ns) AS inverted_ns, sum(w.preempted_ns) AS preempted_ns, sum(w.delayed_ns) AS delayed_ns,
  sum(w.waking_ns) AS waking_ns, sum(w.sleeping_ns) AS sleeping_ns
FROM waits w JOIN captures c ON c.capture_id = w.capture_id
WHERE w.kind = 'mutex'
GROUP BY c.capture_id, c.path, c.kernel, c.verdict;

-- Time that others ran on a task's account, and that it ran on others', by the task's name and the kernel.
CREATE VIEW v_donated_by_task AS
SELECT
  c.kernel AS kernel, t.comm AS comm, count(DISTINCT t.capture_id) AS captures, sum(t.donated_ns) AS donated_ns,
  sum(t.proxied_run_ns) AS proxied_run_ns, sum(t.run_ns) AS run_ns, sum(t.wait_ns) AS wait_ns,
  sum(t.inverted_ns) AS inverted_ns, sum(t.waits) AS waits
FROM tasks t JOIN captures c ON c.capture_id = t.capture_id
GROUP BY c.kernel, t.comm;

-- The same by cgroup, where `proxytrace record` has noted it.
CREATE VIEW v_donated_by_cgroup AS
SELECT
  c.kernel AS kernel, t.cgroup AS cgroup, count(DISTINCT t.capture_id) AS captures, count(*) AS tasks,
  sum(t.donated_ns) AS donated_ns, sum(t.proxied_run_ns) AS proxied_run_ns, sum(t.run_ns) AS run_ns,
  sum(t.wait_ns) AS wait_ns, sum(t.inverted_ns) AS inverted_ns, sum(t.waits) AS waits
FROM tasks t JOIN captures c ON c.capture_id = t.capture_id
WHERE t.cgroup IS NOT NULL
GROUP BY c.kernel, t.cgroup;

-- What CPUs did, by kernel and by whether it proxies.
CREATE VIEW v_cpu_time_by_kernel AS
SELECT
  c.kernel AS kernel, c.verdict AS verdict, count(DISTINCT u.capture_id) AS captures, sum(u.busy_ns) AS busy_ns,
  sum(u.idle_ns) AS idle_ns, sum(u.self_ns) AS self_ns, sum(u.proxied_ns) AS proxied_ns,
  sum(u.unknown_ns) AS unknown_ns, sum(u.lost_ns) AS lost_ns, sum(u.switches) AS switches
FROM cpus u JOIN captures c ON c.capture_id = u.capture_id
GROUP BY c.kernel, c.verdict;

-- Mutex waits that are known from end to end, by lock and kernel: what `proxytrace compare` and `check` go by.
CREATE VIEW v_waits_by_lock_and_kernel AS
SELECT
  kernel, lock_name, count(*) AS waits, count(DISTINCT capture_id) AS captures, sum(wait_ns) AS total_ns,
  sum(wait_ns) * 1e0 / count(*) AS mean_ns,
  min(CASE WHEN place * 100 >= places * 50 THEN wait_ns END) AS p50_ns,
  min(CASE WHEN place * 100 >= places * 90 THEN wait_ns END) AS p90_ns,
  min(CASE WHEN place * 100 >= places * 99 THEN wait_ns END) AS p99_ns,
  max(wait_ns) AS max_ns
FROM (
  SELECT
    kernel, lock_name, capture_id, wait_ns,
    row_number() OVER (PARTITION BY kernel, lock_name ORDER BY wait_ns) AS place,
    count(*) OVER (PARTITION BY kernel, lock_name) AS places
  FROM (
    SELECT
      c.kernel AS kernel, coalesce(w.lock_symbol, 'a lock without a symbol') AS lock_name,
      w.capture_id AS capture_id, w.wait_ns AS wait_ns
    FROM waits w JOIN captures c ON c.capture_id = w.capture_id
    WHERE w.kind = 'mutex' AND w.end_ns IS NOT NULL AND w.gap = 'no'
  ) AS named
) AS placed
GROUP BY kernel, lock_name;

-- A lock on two kernels: each pair stands twice, so name the base. Above 1, a ratio says that the new one is slower.
CREATE VIEW v_regressions AS
SELECT
  base.lock_name AS lock_name, base.kernel AS base_kernel, new.kernel AS new_kernel, base.waits AS base_waits,
  new.waits AS new_waits, base.mean_ns AS base_mean_ns, new.mean_ns AS new_mean_ns,
  new.mean_ns / base.mean_ns AS mean_ratio, base.p99_ns AS base_p99_ns, new.p99_ns AS new_p99_ns,
  new.p99_ns * 1e0 / base.p99_ns AS p99_ratio
FROM v_waits_by_lock_and_kernel base JOIN v_waits_by_lock_and_kernel new ON new.lock_name = base.lock_name
WHERE new.kernel <> base.kernel AND base.p99_ns > 0;

-- Which tasks ran instead of an owner, by name and kernel.
CREATE VIEW v_inversions_by_culprit AS
SELECT
  c.kernel AS kernel, i.culprit_comm AS culprit_comm, count(*) AS windows, count(DISTINCT i.capture_id) AS captures,
  sum(i.duration_ns) AS total_ns, max(i.duration_ns) AS worst_ns
FROM inversions i JOIN captures c ON c.capture_id = i.capture_id
GROUP BY c.kernel, i.culprit_comm;

-- How fast locks and CPU time are handed on, by kernel.
CREATE VIEW v_handoffs_by_kernel AS
SELECT
  kernel, kind, count(*) AS handoffs, sum(latency_ns) * 1e0 / count(*) AS mean_ns,
  min(CASE WHEN place * 100 >= places * 50 THEN latency_ns END) AS p50_ns,
  min(CASE WHEN place * 100 >= places * 99 THEN latency_ns END) AS p99_ns,
  max(latency_ns) AS max_ns
FROM (
  SELECT
    c.kernel AS kernel, h.kind AS kind, h.latency_ns AS latency_ns,
    row_number() OVER (PARTITION BY c.kernel, h.kind ORDER BY h.latency_ns) AS place,
    count(*) OVER (PARTITION BY c.kernel, h.kind) AS places
  FROM handoffs h JOIN captures c ON c.capture_id = h.capture_id
) AS placed
GROUP BY kernel, kind;

-- How long tasks ran instead of owners, by name and kernel.
CREATE VIEW v_culprits AS
SELECT
  c.kernel AS kernel, u.comm AS comm, count(*) AS windows, count(DISTINCT u.capture_id) AS captures,
  sum(u.run_ns) AS run_ns, max(u.run_ns) AS longest_ns
FROM culprits u JOIN captures c ON c.capture_id = u.capture_id
GROUP BY c.kernel, u.comm;

-- How long runnable tasks waited for a CPU, by name and kernel; those that the capture's end cuts off are left out.
CREATE VIEW v_delays_by_task AS
SELECT
  kernel, comm, count(*) AS delays, sum(delay_ns) AS total_ns,
  min(CASE WHEN place * 100 >= places * 50 THEN delay_ns END) AS p50_ns,
  min(CASE WHEN place * 100 >= places * 99 THEN delay_ns END) AS p99_ns,
  min(CASE WHEN place * 1000 >= places * 999 THEN delay_ns END) AS p999_ns,
  max(delay_ns) AS max_ns
FROM (
  SELECT
    c.kernel AS kernel, d.comm AS comm, d.delay_ns AS delay_ns,
    row_number() OVER (PARTITION BY c.kernel, d.comm ORDER BY d.delay_ns) AS place,
    count(*) OVER (PARTITION BY c.kernel, d.comm) AS places
  FROM delays d JOIN captures c ON c.capture_id = d.capture_id
  WHERE d.end_ns IS NOT NULL
) AS placed
GROUP BY kernel, comm;

-- What waits were spent on over time: stretches by the second of their capture in which they begin, which itself begins at at_ns.
CREATE VIEW v_classes_over_time AS
SELECT
  s.capture_id AS capture_id, c.path AS path, s.class AS class,
  s.begin_ns - c.begin_ns - (s.begin_ns - c.begin_ns) % 1000000000 AS at_ns,
  count(*) AS stretches, sum(s.end_ns - s.begin_ns) AS time_ns
FROM segments s JOIN captures c ON c.capture_id = s.capture_id
GROUP BY s.capture_id, c.path, s.begin_ns - c.begin_ns - (s.begin_ns - c.begin_ns) % 1000000000, s.class;
