/**
 * @param {ImMessage} message
 * @returns {RoomMessage | null} null for what is no message of a room
 */
export function readMessage({ text, custom, from }: ImMessage): RoomMessage | null;
/**
 * The order of a group's messages. Seats and gifts come through two lanes, so a number may be
 * late without being lost; what is still missing after a moment is a gap.
 */
export class Sequence {
    /** @param {number} last the number up to which everything is known */
    constructor(last: number);
    last: number;
    /** @type {Set<number>} */
    later: Set<number>;
    /** @type {Set<number>} */
    ids: Set<number>;
    /**
     * Notes a message. Returns whether it is new.
     * @param {{ id: number | null, seq: number | null }} message
     */
    note({ id, seq }: {
        id: number | null;
        seq: number | null;
    }): boolean;
    /** Whether a number is missing below one that has come. */
    get hasGap(): boolean;
    /**
     * Everything up to this number is known.
     * @param {number} seq
     */
    catchUp(seq: number): void;
    #private;
}
export type ImMessage = import("./im/adapter.js").ImMessage;
/**
 * A message of the server or of a member, as a room's listeners get it.
 */
export type RoomMessage = {
    type: string;
    content: any;
    from: string;
    /**
     * unique among the server's messages
     */
    id: number | null;
    /**
     * its number among the messages to the group
     */
    seq: number | null;
    broadcastId: number | null;
    /**
     * epoch milliseconds
     */
    at: number | null;
    /**
     * of `over` and `kickout`
     */
    reason: string | null;
};
