/** Pickle operations that are known and refused, by name. PyTorch writes none of them. */
export const refusedOpcodes: ReadonlyMap<number, string> = new Map(
  (
    [
      ...[
        ['0', 'POP'],
        ['1', 'POP_MARK'],
        ['2', 'DUP'],
        ['F', 'FLOAT'],
        ['I', 'INT'],
        ['L', 'LONG'],
      ],
      ...[
        ['P', 'PERSID'],
        ['S', 'STRING'],
        ['V', 'UNICODE'],
        ['d', 'DICT'],
        ['l', 'LIST'],
        ['o', 'OBJ'],
      ],
      ...[
        ['p', 'PUT'],
        ['g', 'GET'],
        [0x82, 'EXT1'],
        [0x83, 'EXT2'],
        [0x84, 'EXT4'],
        [0x8b, 'LONG4'],
      ],
      ...[
        [0x8d, 'BINUNICODE8'],
        [0x8e, 'BINBYTES8'],
        [0x91, 'FROZENSET'],
        [0x92, 'NEWOBJ_EX'],
      ],
      ...[
        [0x96, 'BYTEARRAY8'],
        [0x97, 'NEXT_BUFFER'],
        [0x98, 'READONLY_BUFFER'],
      ],
    ] as [string | number, string][]
  ).map(([code, name]) => [typeof code === 'string' ? code.charCodeAt(0) : code, name]),
)
