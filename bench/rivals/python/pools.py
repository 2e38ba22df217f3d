"""Pools of Python processes, called by the threads of a Python program: the argument says which pool.

They pickle the arrays. Ray is not among them: it took longer to start than all the others together, and
did not start at all beside other packages' grpcio.
"""

import sys
import threading
import time

import work


class ProcessPool:
    """concurrent.futures.ProcessPoolExecutor."""

    def __init__(self, workers):
        from concurrent.futures import ProcessPoolExecutor

        self.pool = ProcessPoolExecutor(workers)

    def call(self, name, data):
        return self.pool.submit(getattr(work, name), data).result()

    def end(self):
        self.pool.shutdown()


class Loky(ProcessPool):
    def __init__(self, workers):
        from loky import get_reusable_executor

        self.pool = get_reusable_executor(max_workers=workers, timeout=3600)


class Pebble(ProcessPool):
    def __init__(self, workers):
        from pebble import ProcessPool as Pool

        self.pool = Pool(max_workers=workers)

    def call(self, name, data):
        return self.pool.schedule(getattr(work, name), args=(data,)).result()

    def end(self):
        self.pool.close()
        self.pool.join()


POOLS = {"process-pool": ProcessPool, "loky": Loky, "pebble": Pebble}


def in_threads(threads, body):
    """Runs body in every thread, all at once, and returns in how many nanoseconds."""
    ready, times = threading.Barrier(threads), []

    def run():
        ready.wait()
        start = time.perf_counter_ns()
        body()
        times.append((start, time.perf_counter_ns()))

    running = [threading.Thread(target=run) for _ in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return max(end for _, end in times) - min(start for start, _ in times)


def main():
    make = POOLS[sys.argv[1]]
    pool, workers, data = None, 0, work.series(0)
    for line in sys.stdin:
        command, name, *numbers = line.split()
        size, *numbers = map(int, numbers)
        threads = numbers[0] if numbers else 1
        if len(data) != size:
            data = work.series(size)
        if workers < threads:
            if pool:
                pool.end()
            pool, workers = make(threads), threads
        if command == "check":
            result = pool.call(name, data)
            # Into a pickle and out of it, and into a pipe and out of it, for arguments and results.
            copied = 4 * (data.nbytes + (0 if result is None else result.nbytes))
            answer = (*work.digest(result), copied)
        elif command == "time":
            count = numbers[1]
            body = lambda: [pool.call(name, data) for _ in range(count)]
            # Each worker has made a call before that.
            in_threads(threads, lambda: pool.call(name, data))
            answer = (in_threads(threads, body),)
        else:
            took = []

            def body():
                clock, own = time.perf_counter_ns, []
                for _ in range(numbers[1]):
                    start = clock()
                    pool.call(name, data)
                    own.append(clock() - start)
                took.extend(own)

            in_threads(threads, body)
            answer = took
        print("ok", *answer, flush=True)
    if pool:
        pool.end()


if __name__ == "__main__":
    main()
