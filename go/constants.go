// Code generated from crates/callpy-capi/include/callpy.h; DO NOT EDIT.

package callpy

// CALLPY_DTYPE_BOOL
const cDtypeBool = 101

// CALLPY_DTYPE_INT8
const cDtypeInt8 = 102

// CALLPY_DTYPE_INT16
const cDtypeInt16 = 103

// CALLPY_DTYPE_INT32
const cDtypeInt32 = 104

// CALLPY_DTYPE_INT64
const cDtypeInt64 = 105

// CALLPY_DTYPE_UINT8
const cDtypeUint8 = 106

// CALLPY_DTYPE_UINT16
const cDtypeUint16 = 107

// CALLPY_DTYPE_UINT32
const cDtypeUint32 = 108

// CALLPY_DTYPE_UINT64
const cDtypeUint64 = 109

// CALLPY_DTYPE_FLOAT16
const cDtypeFloat16 = 110

// CALLPY_DTYPE_FLOAT32
const cDtypeFloat32 = 111

// CALLPY_DTYPE_FLOAT64
const cDtypeFloat64 = 112

// CALLPY_DTYPE_COMPLEX64
const cDtypeComplex64 = 113

// CALLPY_DTYPE_COMPLEX128
const cDtypeComplex128 = 114

// CALLPY_DTYPE_DATETIME64
const cDtypeDatetime64 = 115

// CALLPY_DTYPE_TIMEDELTA64
const cDtypeTimedelta64 = 116

// CALLPY_DTYPE_STR
const cDtypeStr = 117

// CALLPY_DTYPE_BYTES
const cDtypeBytes = 118

// CALLPY_UNIT_YEAR
const cUnitYear = 201

// CALLPY_UNIT_MONTH
const cUnitMonth = 202

// CALLPY_UNIT_WEEK
const cUnitWeek = 203

// CALLPY_UNIT_DAY
const cUnitDay = 204

// CALLPY_UNIT_HOUR
const cUnitHour = 205

// CALLPY_UNIT_MINUTE
const cUnitMinute = 206

// CALLPY_UNIT_SECOND
const cUnitSecond = 207

// CALLPY_UNIT_MILLISECOND
const cUnitMillisecond = 208

// CALLPY_UNIT_MICROSECOND
const cUnitMicrosecond = 209

// CALLPY_UNIT_NANOSECOND
const cUnitNanosecond = 210

// CALLPY_UNIT_PICOSECOND
const cUnitPicosecond = 211

// CALLPY_UNIT_FEMTOSECOND
const cUnitFemtosecond = 212

// CALLPY_UNIT_ATTOSECOND
const cUnitAttosecond = 213

// CALLPY_WRITABLE
const cWritable = 256

// CALLPY_COPIED
const cCopied = 512

// CALLPY_ERROR_PYTHON
const cErrorPython = 1

// CALLPY_ERROR_ARGUMENT
const cErrorArgument = 2

// CALLPY_ERROR_RESULT
const cErrorResult = 3

// CALLPY_ERROR_TARGET
const cErrorTarget = 4

// CALLPY_ERROR_LOCATE
const cErrorLocate = 5

// CALLPY_ERROR_ENVIRONMENT
const cErrorEnvironment = 6

// CALLPY_ERROR_START
const cErrorStart = 7

// CALLPY_ERROR_NUMPY
const cErrorNumpy = 8

// CALLPY_ERROR_KEPT
const cErrorKept = 9

// CALLPY_ERROR_ENDING
const cErrorEnding = 10

// CALLPY_ERROR_PANIC
const cErrorPanic = 11

// CALLPY_ERROR_OTHER
const cErrorOther = 12

// CALLPY_ERROR_ATTACH
const cErrorAttach = 13

// CALLPY_ERROR_CRASHED
const cErrorCrashed = 14

// CALLPY_ERROR_BUSY
const cErrorBusy = 15

// CALLPY_ERROR_DEADLINE
const cErrorDeadline = 16

// CALLPY_ERROR_CANCELLED
const cErrorCancelled = 17

// CALLPY_ERROR_CALLBACK
const cErrorCallback = 18

// CALLPY_LANGUAGE_C
const cLanguageC = 0

// CALLPY_LANGUAGE_GO
const cLanguageGo = 1

// CALLPY_TAG_NONE
const cTagNone = 0

// CALLPY_TAG_BOOL
const cTagBool = 1

// CALLPY_TAG_INT
const cTagInt = 2

// CALLPY_TAG_UINT
const cTagUint = 3

// CALLPY_TAG_FLOAT
const cTagFloat = 4

// CALLPY_TAG_STRING
const cTagString = 5

// CALLPY_TAG_BYTES
const cTagBytes = 6

// CALLPY_TAG_LIST
const cTagList = 7

// CALLPY_TAG_TUPLE
const cTagTuple = 8

// CALLPY_TAG_DICT
const cTagDict = 9

// CALLPY_TAG_ARRAY
const cTagArray = 10

// CALLPY_TAG_OBJECT
const cTagObject = 11

// CALLPY_TAG_CALLBACK
const cTagCallback = 12

// CALLPY_WANT_VALUE
const cWantValue = 0

// CALLPY_WANT_LIST
const cWantList = 1

// CALLPY_WANT_ARRAY
const cWantArray = 2

// CALLPY_WANT_FLAT
const cWantFlat = 3
