/*
 * Writers and readers of the emulator's own messages, made from the lists in emulate.h.
 */
#include "drill/attack/emulate.h"

PACK_CODE(emulate_head, EMULATE_HEAD_FIELDS)
PACK_CODE(emulate_request, EMULATE_REQUEST_FIELDS)
PACK_CODE(emulate_result, EMULATE_RESULT_FIELDS)
