/** A room that the user has entered. @extends {Emitter<RoomEvents>} */
export class Room extends Emitter<RoomEvents> {
    /**
     * Use `Qlive.enter` and `Qlive.host`.
     * @param {Qlive} qlive
     * @param {'enter' | 'host'} way how it was entered, and is entered again
     */
    constructor(qlive: Qlive, way: "enter" | "host");
    qlive: import("./client.js").Qlive;
    way: "enter" | "host";
    liveId: number;
    group: string;
    name: string;
    presence: number;
    /** Whether the user is in the room, as far as is known here. */
    isOpen: boolean;
    /** Whether it is over or was left, for good. */
    isClosed: boolean;
    /** Whether another login has taken the user's messages. Nothing is done by itself then. */
    isSuspended: boolean;
    /** Messages that have come while the room was opened. @type {ImMessage[]} */
    early: ImMessage[];
    /** Grows when something that the user does begins or ends. */
    acts: number;
    sequence: Sequence;
    /** Whether `sequence` has begun to count. */
    isSynced: boolean;
    /** @type {RoomState} */
    state: RoomState;
    /** @type {any} */
    lateTimer: any;
    /** @type {any} */
    syncTimer: any;
    /** @type {Promise<void> | null} */
    syncUnderWay: Promise<void> | null;
    /**
     * Enters, joins the group, and learns the stage and what was missed. Entering again is the same.
     * Does nothing more once the room is closed.
     * @param {number | null} liveId null for the host's own room
     */
    open(liveId: number | null): Promise<void>;
    /** Applies for the mic. */
    apply(): Promise<void>;
    /**
     * Takes the seat of one's gender. Returns false if somebody else was faster.
     * @returns {Promise<boolean>}
     */
    takeMic(): Promise<boolean>;
    /** Refuses an invitation, or takes an application back. */
    refuse(): Promise<void>;
    /** Leaves the mic. */
    leaveMic(): Promise<void>;
    /**
     * Puts the guest of a seat down; for the host.
     * @param {SeatName} seat
     */
    putDown(seat: SeatName): Promise<void>;
    /**
     * Invites somebody to the mic; for the host.
     * @param {string} userId
     */
    invite(userId: string): Promise<void>;
    /**
     * Declines an application; for the host.
     * @param {string} userId
     */
    decline(userId: string): Promise<void>;
    /**
     * Mutes somebody in all rooms of this host; for the host. Zero seconds lift it.
     * @param {string} userId
     * @param {number} seconds at most 86,400
     */
    mute(userId: string, seconds: number): Promise<void>;
    /**
     * Removes somebody from the broadcast, who cannot enter it again; for the host.
     * @param {string} userId
     */
    remove(userId: string): Promise<void>;
    /**
     * Those who watch and apply, 8 a page.
     * @param {SeatName} gender
     * @param {number} [page]
     * @returns {Promise<{ user_id: string, nickname: string, face_url: string, state: number }[]>}
     */
    audience(gender: SeatName, page?: number): Promise<{
        user_id: string;
        nickname: string;
        face_url: string;
        state: number;
    }[]>;
    /**
     * Gives a gift in this room. Repeated until an answer comes, and paid once.
     * @param {{ to: string, gift: number, num?: number, requestId?: string }} gift
     * @returns {Promise<{ sent: boolean, gold: number, income: number }>} `sent` is false when the
     *   gold does not suffice
     */
    give({ to, gift, num, requestId }: {
        to: string;
        gift: number;
        num?: number;
        requestId?: string;
    }): Promise<{
        sent: boolean;
        gold: number;
        income: number;
    }>;
    /**
     * Says something to the room.
     * @param {string} text
     */
    say(text: string): Promise<void>;
    /** Leaves the room. The host's leaving ends the broadcast. */
    leave(): Promise<void>;
    /** Ends the broadcast; for the host. */
    end(): Promise<void>;
    /**
     * Brings the room up to date, after the application was in the background or offline. Enters
     * again when the server has removed the user meanwhile; a host's broadcast is over then.
     */
    resume(): Promise<void>;
    /** Another login has taken the user's messages, and perhaps the user to another room. */
    suspend(): void;
    /** Messages come again. */
    wake(): void;
    /**
     * Asks the server for the room as it is, and for what was missed.
     * @returns {Promise<void>}
     */
    sync(): Promise<void>;
    /**
     * Takes a message from IM. The client calls it.
     * @param {import('./im/adapter.js').ImMessage} message
     */
    receive(message: import("./im/adapter.js").ImMessage): void;
    /** Stops to listen, for good. */
    close(): void;
    #private;
}
export type Qlive = import("./client.js").Qlive;
export type RoomMessage = import("./messages.js").RoomMessage;
export type ImMessage = import("./im/adapter.js").ImMessage;
export type SeatName = "male" | "female";
/**
 * A guest or host as the server describes them.
 */
export type Person = {
    user_id: string;
    nickname: string;
    face_url: string;
    play_url: string;
    area: string;
    age: number;
};
export type RoomState = {
    /**
     * 1 watching, 2 applied, 3 and 4 on the mic, 5 host; 0 not in the room
     */
    userType: number;
    male: Person | null;
    female: Person | null;
    /**
     * null while the host is gone
     */
    owner: Person | null;
    /**
     * men applied, all men, women applied, all women
     */
    num: number[];
    /**
     * where this user publishes; empty when they do not
     */
    pushUrl: string;
};
export type RoomEvents = {
    /**
     * the room has changed; comes after the event that says how
     */
    state: RoomState;
    /**
     * a seat was taken,
     * or left by the user with this id; once for each change
     */
    seat: {
        seat: SeatName;
        guest: Person | null;
        userId: string | null;
    };
    /**
     * how many have applied; for the host
     */
    num: number[];
    gift: any;
    /**
     * a comment
     */
    say: {
        from: string;
        text: string;
    };
    /**
     * the broadcast is over; with the reason `removed` for this
     * user only
     */
    over: {
        reason: string | null;
    };
    /**
     * the messages with these numbers did not come; what
     * they said has been made up for
     */
    gap: {
        from: number;
        to: number;
    };
    /**
     * the host invites this user to the mic
     */
    invite: {};
    /**
     * the host has put this user down
     */
    kickout: {
        reason: string | null;
    };
    /**
     * an operator warns this user; show the text
     */
    warning: {
        text: string;
    };
    /**
     * a guest answered an invitation; for the
     * host
     */
    response: {
        userId: string;
        answer: string;
    };
};
import { Emitter } from './emitter.js';
import { Sequence } from './messages.js';
