# Runs the whole harness at tiny sizes and looks at what it wrote: cmake -DBENCH=… -DPEERS=…
# -DWORK_DIR=… -P smoke.cmake. It asserts no time: a slow machine is not a failure.
cmake_minimum_required(VERSION 3.25)

function(run_bench expected_code)
  execute_process(
    COMMAND "${BENCH}" ${ARGN}
    WORKING_DIRECTORY "${WORK_DIR}"
    RESULT_VARIABLE code
    OUTPUT_VARIABLE output
    ERROR_VARIABLE errors)
  if(NOT "${code}" STREQUAL "${expected_code}")
    message(FATAL_ERROR
      "dwell_bench ${ARGN}: code ${code}, not ${expected_code}\n${output}${errors}")
  endif()
  set(output "${output}" PARENT_SCOPE)
  set(errors "${errors}" PARENT_SCOPE)
endfunction()

function(expect text pattern)
  if(NOT "${text}" MATCHES "${pattern}")
    message(FATAL_ERROR "expected '${pattern}' in:\n${text}")
  endif()
endfunction()

file(REMOVE_RECURSE "${WORK_DIR}")
file(MAKE_DIRECTORY "${WORK_DIR}")
set(head "TIMESTAMP,ContextTokens,GeneratedTokens\r\n")
set(first "2023-11-16 18:15:46.6805900,374,44\r\n")
file(WRITE "${WORK_DIR}/good.csv" "${head}${first}2023-11-16 18:15:50.9951690,396,109")
file(WRITE "${WORK_DIR}/bad.csv" "${head}${first}2023-11-16 18:15:50.9951690,many,109\r\n")

# Everything runs, is verified and reaches all three reports.
run_bench(0 --smoke --trace good.csv --report-dir report --json copy.json --peers onetbb --peers-dir
  "${PEERS}")
file(READ "${WORK_DIR}/report/results.json" rows)
file(READ "${WORK_DIR}/copy.json" copy)
string(JSON count LENGTH "${rows}")
string(JSON same EQUAL "${rows}" "${copy}")
if(NOT same)
  message(FATAL_ERROR "--json wrote something else than results.json")
endif()
set(seen "")
math(EXPR last "${count} - 1")
foreach(i RANGE ${last})
  string(JSON runtime GET "${rows}" ${i} runtime)
  string(JSON workload GET "${rows}" ${i} workload)
  string(JSON verified GET "${rows}" ${i} verified)
  string(JSON threads GET "${rows}" ${i} params threads)
  string(JSON metrics LENGTH "${rows}" ${i} metrics)
  if(NOT verified OR metrics EQUAL 0)
    message(FATAL_ERROR "row ${i} (${runtime} ${workload}) is not verified or measured nothing")
  endif()
  list(APPEND seen "${runtime}:${workload}")
endforeach()
foreach(wanted dwell:llm_waits dwell:trace dwell:gather dwell:skynet onetbb:skynet dwell:fib
        onetbb:fib dwell:nqueens onetbb:nqueens dwell:ping_pong dwell:mpmc dwell:spawn_join
        dwell:cancel dwell:post_latency dwell:fairness dwell:timers)
  if(NOT wanted IN_LIST seen)
    message(FATAL_ERROR "no row ${wanted} in results.json")
  endif()
endforeach()
file(READ "${WORK_DIR}/report/report.html" page)
expect("${page}" "<svg.*</svg>.*</html>")
if("${page}" MATCHES "https?://")
  message(FATAL_ERROR "report.html refers to the network")
endif()
file(READ "${WORK_DIR}/report/results.md" page)
expect("${page}" "ns/child")

# A user's mistakes are told apart and named.
run_bench(2 --smoke --colour)
expect("${errors}" "unknown option '--colour'")
run_bench(2 --smoke --only "no such row")
expect("${errors}" "matches no row")
run_bench(2 --smoke --only "[")
expect("${errors}" "not a regular expression")
run_bench(2 --smoke --threads 0)
expect("${errors}" "--threads: expected a number")
run_bench(2 --smoke --trace bad.csv)
expect("${errors}" "bad.csv, line 3: ContextTokens")
run_bench(2 --smoke --trace missing.csv)
expect("${errors}" "cannot read 'missing.csv'")
run_bench(2 --smoke --peers cobol --peers-dir "${PEERS}")
expect("${errors}" "--peers: no program '.*/cobol'")

# What a child is told can be seen.
run_bench(0 --smoke --list --only "fib.*threads=1")
expect("${output}" "^dwell fib n=12 threads=1 .*repetitions=1")
run_bench(0 --help)
expect("${output}" "--quick")
