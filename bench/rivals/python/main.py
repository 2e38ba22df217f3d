"""Python itself, as a lower bound: existing arrays, no bridge, timed by timeit."""

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
    times = []

    def body():
        start = time.perf_counter_ns()
        run(function, data, count)
        times.append((start, time.perf_counter_ns()))

    run_all(threads, function, data, body)
    return max(end for _, end in times) - min(start for start, _ in times)


def samples(function, data, threads, count):
    clock = time.perf_counter_ns
    took = []

    def body():
        own = []
        for _ in range(count):
            start = clock()
            function(data)
            own.append(clock() - start)
        took.extend(own)

    run_all(threads, function, data, body)
    return took


def run_all(threads, function, data, body):
    """Runs body in every thread, all of which have made a call before the first begins."""
    ready = threading.Barrier(threads)

    def run_one():
        function(data)
        ready.wait()
        body()

    running = [threading.Thread(target=run_one) for _ in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()


main()
