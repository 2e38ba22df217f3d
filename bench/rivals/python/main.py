"""Python itself: the floor. Ready arrays, no bridge, timed by timeit."""

import sys
import threading
import time
import timeit

import work


def run(function, data, count):
    return timeit.timeit("function(data)", globals={"function": function, "data": data}, number=count)


def main():
    data = work.series(0)
    for line in sys.stdin:
        command, name, *numbers = line.split()
        size, *numbers = map(int, numbers)
        if len(data) != size:
            data = work.series(size)
        function = getattr(work, name)
        if command == "check":
            answer = (*work.digest(function(data)), 0)
        elif command == "time":
            answer = (in_threads(function, data, *numbers),)
        else:
            answer = samples(function, data, *numbers)
        print("ok", *answer, flush=True)


def in_threads(function, data, threads, count):
    if threads == 1:
        run(function, data, 1)
        return int(run(function, data, count) * 1e9)
    ready = threading.Barrier(threads)
    times = []

    def body():
        run(function, data, 1)
        ready.wait()
        start = time.perf_counter_ns()
        run(function, data, count)
        times.append((start, time.perf_counter_ns()))

    running = [threading.Thread(target=body) for _ in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return max(end for _, end in times) - min(start for start, _ in times)


def samples(function, data, count):
    clock = time.perf_counter_ns
    took = []
    for _ in range(count):
        start = clock()
        function(data)
        took.append(clock() - start)
    return took


main()
