/*
 * Writers and readers of the messages, made from the lists in wire.h.
 */
#include "drill/wire.h"

PACK_CODE(wire_committed, WIRE_COMMITTED_FIELDS)
PACK_CODE(wire_lease, WIRE_LEASE_FIELDS)
PACK_CODE(wire_stop, WIRE_STOP_FIELDS)
PACK_CODE(wire_ready, WIRE_READY_FIELDS)
PACK_CODE(wire_fault, WIRE_FAULT_FIELDS)
PACK_CODE(wire_beat, WIRE_BEAT_FIELDS)
PACK_CODE(wire_finished, WIRE_FINISHED_FIELDS)
