module dwell.bench/go

go 1.19
