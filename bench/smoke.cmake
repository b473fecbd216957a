# Runs the whole harness at tiny sizes and looks at what it wrote: cmake -DBENCH=… -DPEERS=…
# -DSOURCE_DIR=… -DPYTHON=… -DWORK_DIR=… -P smoke.cmake. It asserts no time: a slow machine is not a
# failure.
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

# Every row was verified and measured something, and these RUNTIME:WORKLOAD are among them.
function(expect_rows rows)
  set(seen "")
  string(JSON count LENGTH "${rows}")
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
  foreach(wanted ${ARGN})
    if(NOT wanted IN_LIST seen)
      message(FATAL_ERROR "no row ${wanted} in results.json")
    endif()
  endforeach()
endfunction()

# Makes WORK_DIR/servers/NAME, a program that calls Python with these words and its own.
function(make_server name)
  list(JOIN ARGN "\" \"" words)
  set(program "${WORK_DIR}/servers/${name}")
  file(WRITE "${program}" "#!/bin/sh\nexec \"${PYTHON}\" \"${words}\" \"$@\"\n")
  file(CHMOD "${program}" PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE)
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
string(JSON same EQUAL "${rows}" "${copy}")
if(NOT same)
  message(FATAL_ERROR "--json wrote something else than results.json")
endif()
expect_rows("${rows}" dwell:llm_waits dwell:trace dwell:gather dwell:skynet onetbb:skynet dwell:fib
  onetbb:fib dwell:nqueens onetbb:nqueens dwell:ping_pong dwell:mpmc dwell:spawn_join dwell:cancel
  dwell:post_latency dwell:fairness dwell:timers dwell:http_fanout dwell:sse)
file(READ "${WORK_DIR}/report/report.html" page)
expect("${page}" "<svg.*</svg>.*</html>")
if("${page}" MATCHES "https?://")
  message(FATAL_ERROR "report.html refers to the network")
endif()
file(READ "${WORK_DIR}/report/results.md" page)
expect("${page}" "ns/child")

# Servers are started, measured from outside and ended, and clients ask ours: asyncio's, which need
# no building, and those that bench/run has built.
make_server(asyncio "${SOURCE_DIR}/peers/asyncio/main.py")
set(servers asyncio)
set(wanted dwell:echo dwell:held_connections asyncio:echo asyncio:held_connections)
# Which of them are clients, too. Python's need a module that not everyone has.
set(clients go tokio)
execute_process(COMMAND "${PYTHON}" -c "import aiohttp" RESULT_VARIABLE code ERROR_QUIET)
if(code EQUAL 0)
  list(APPEND wanted asyncio:http_fanout asyncio:sse)
endif()
foreach(name asio go threads tokio uvloop)
  if(EXISTS "${PEERS}/${name}")
    file(CREATE_LINK "${PEERS}/${name}" "${WORK_DIR}/servers/${name}" SYMBOLIC)
    list(APPEND servers ${name})
    list(APPEND wanted ${name}:echo)
    if(name IN_LIST clients)
      list(APPEND wanted ${name}:http_fanout ${name}:sse)
    endif()
  endif()
endforeach()
list(JOIN servers "," servers)
run_bench(0 --smoke --only "^(echo|held_connections|http_fanout|sse) " --peers "${servers}"
  --peers-dir servers)
file(READ "${WORK_DIR}/build/report/results.json" rows)
expect_rows("${rows}" ${wanted})

# A server with a fault is found out, by a message that names it.
set(faults
    "drops_a_byte: connection [0-9]+, request [0-9]+: something else came back than was sent"
    "adds_a_byte: connection [0-9]+, request [0-9]+: more came back than was sent"
    "flips_a_bit: connection [0-9]+, request [0-9]+: something else came back than was sent"
    "mixes_clients: connection [0-9]+, request [0-9]+: something else came back than was sent"
    "closes_early: connection [0-9]+, request [0-9]+: the server closed it"
    "never_answers: no answer within 5 s to [0-9]+ requests"
    "crashes: connection [0-9]+, request [0-9]+: .* the server was ended by signal Killed"
    "never_ends: the server did not end when its standard input did"
    "names_no_port: the server said 'ready' instead of 'port NUMBER'")
set(names "")
foreach(fault ${faults})
  string(REGEX MATCH "^[a-z_]+" name "${fault}")
  make_server(${name} "${SOURCE_DIR}/client/wrong_server.py" ${name})
  list(APPEND names ${name})
endforeach()
list(JOIN names "," peers)
list(JOIN names "|" names)
run_bench(1 --smoke --only "^echo n=16 .*(${names})$" --peers "${peers}" --peers-dir servers)
foreach(fault ${faults})
  expect("${errors}" "not verified: echo n=16 threads=[0-9]+ ${fault}")
endforeach()
run_bench(1 --smoke --only "^held.*flips_a_bit" --peers flips_a_bit --peers-dir servers)
expect("${errors}" "not verified: held_connections .*request 1: something else came back")

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
