"""The functions of work.py as a gRPC service; prints where it listens. Argument: an address.

The stubs are those of `grpc_tools.protoc`, made by `bench` into a folder on PYTHONPATH.
"""

import sys
from concurrent.futures import ThreadPoolExecutor

import grpc
import numpy as np
import work
import work_pb2 as pb
import work_pb2_grpc as services


class Packed(services.PackedServicer):
    def Nothing(self, request, context):
        work.nothing(array(request))
        return pb.Empty()

    def Detect(self, request, context):
        return pb.Indices(indices=work.detect(array(request)).tolist())

    def Scaled(self, request, context):
        return pb.Numbers(values=work.scaled(array(request)).tolist())


class Each(services.EachServicer):
    def Nothing(self, request, context):
        work.nothing(array_of_each(request))
        return pb.Empty()

    def Detect(self, request, context):
        return pb.Indices(indices=work.detect(array_of_each(request)).tolist())

    def Scaled(self, request, context):
        result = work.scaled(array_of_each(request))
        return pb.Metrics(metrics=[pb.Metric(value=value) for value in result.tolist()])


def array(request):
    return np.asarray(request.values, np.float64)


def array_of_each(request):
    values = (metric.value for metric in request.metrics)
    return np.fromiter(values, dtype=np.float64, count=len(request.metrics))


def main():
    unlimited = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
    server = grpc.server(ThreadPoolExecutor(max_workers=10), options=unlimited)
    services.add_PackedServicer_to_server(Packed(), server)
    services.add_EachServicer_to_server(Each(), server)
    port = server.add_insecure_port(sys.argv[1])
    server.start()
    print(port, flush=True)
    # Until the client closes the pipe.
    sys.stdin.read()


main()
